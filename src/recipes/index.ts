/**
 * recipes: one typed object per experiment: what is chosen, with the defaults that suit a task.
 *
 * Law: imports every lower floor. Data and its checks only: recipes are carried out by algorithms and commands.
 */
export { type CloningRecipe, cloningOptimizer, recipeJsonSchema } from "./cloning.ts";
export { completeRecipe, isRecipePart, type RecipePart, readCloningRecipe, recipeOver } from "./complete.ts";
export { recipeDefaults } from "./defaults.ts";
export {
  ALGORITHMS,
  type Algorithm,
  completeOnlineRecipe,
  GATE_RULES,
  GATED,
  type Gated,
  isGated,
  learningOf,
  type OnlineRecipe,
  onlineOptimizer,
  onlineRecipeJsonSchema,
  readOnlineRecipe,
} from "./online.ts";
export {
  cloningPart,
  type FirstLesson,
  firstLesson,
  judgingSeeds,
  STUDIO_HEADS,
  STUDIO_JUDGING,
  type StudioChoice,
  type StudioRecipe,
  type StudioRun,
  studioHead,
  studioLearning,
  studioRecipe,
} from "./studio.ts";
