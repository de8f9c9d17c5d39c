/** The three-minute lesson: what to do, what to see, and whether it has been seen to. */
import type { EpisodeSummary, PolicySummary } from "apprentice";
import type { Part } from "../session/messages.ts";

/** What the page knows of a task, when it looks whether a step is behind one. */
export interface Known {
  readonly episodes: readonly EpisodeSummary[];
  readonly policies: readonly PolicySummary[];
}

export interface LessonStep {
  readonly title: string;
  readonly text: string;
  /** What to look for. */
  readonly see: string;
  readonly task: string;
  /** Where it is done: on the Drive page in this part, by training this head, or by comparing policies. */
  readonly go: { readonly drive: Part } | { readonly train: string } | "compare";
  readonly button: string;
  isBehind(known: Known): boolean;
}

const byHand = ({ episodes }: Known) =>
  episodes.filter(({ deleted, strip }) => !deleted && strip.some(([who]) => who === "expert"));
const recorded = ({ policies }: Known, heads: readonly string[]) =>
  policies.some(({ origin, head }) => origin === "recorded" && heads.includes(head));
const watched = ({ episodes }: Known) => episodes.some(({ strip }) => strip.some(([who]) => who === "policy"));
const DRAWING = ["diffusion", "flow", "gmm"];

export const LESSON: readonly LessonStep[] = [
  {
    title: "Demonstrate",
    text: "A crate lies in the middle of the road. Pass it four times: twice on the left, twice on the right. Both are right.",
    see: "Every episode is stored with who drove each step of it.",
    task: "driving-fork",
    go: { drive: "demonstrate" },
    button: "Drive past the crate",
    isBehind: (known) => byHand(known).length >= 4,
  },
  {
    title: "Clone, with the mean",
    text: "Train a policy whose head has one answer (L2). It learns the mean of what you did.",
    see: "The mean of left and right is the crate.",
    task: "driving-fork",
    go: { train: "l2" },
    button: "Train with L2",
    isBehind: (known) => recorded(known, ["l2"]),
  },
  {
    title: "Watch it average",
    text: "Let it drive. Take over at any time: any steering is heard in the next control step.",
    see: "It drives at the crate, or wavers before it: this is no lack of data, but of an answer with two parts.",
    task: "driving-fork",
    go: { drive: "watch" },
    button: "Watch it",
    isBehind: watched,
  },
  {
    title: "Clone, with a distribution",
    text: "Train again on the same episodes with a head that draws its actions from a distribution.",
    see: "The fan over the road shows what it might do; it takes one side, and means it.",
    task: "driving-fork",
    go: { train: "diffusion" },
    button: "Train with diffusion",
    isBehind: (known) => recorded(known, DRAWING),
  },
  {
    title: "See errors compound, and correct them",
    text: "In traffic the cloned policy drifts to where no demonstration was, and there it knows least. Watch it; when it errs, hold rewind, let go, and drive the part yourself. Then hand back.",
    see: "Your corrections begin exactly where the policy needs them: that is HG-DAgger.",
    task: "driving",
    go: { drive: "watch" },
    button: "Watch and correct",
    isBehind: ({ episodes }) => episodes.some(({ interventions, forked }) => interventions > 0 || forked !== null),
  },
  {
    title: "Retrain on the corrections",
    text: "All episodes are aggregated; what the expert drove or labelled is imitated. The new policy is swapped in at the next episode.",
    see: "The same starts that nobody drove, once more: the success rate beside the old one, with its interval.",
    task: "driving",
    go: { train: "diffusion" },
    button: "Train again",
    isBehind: (known) => recorded(known, [...DRAWING, "l2", "l1", "gaussian", "autoregressive"]),
  },
  {
    title: "Compare",
    text: "Better is a claim about many episodes. Look at the rates, their intervals, and what your help has cost.",
    see: "Success by policy version, interventions per minute, the share that drove itself.",
    task: "driving",
    go: "compare",
    button: "Compare policies",
    isBehind: () => false,
  },
];
