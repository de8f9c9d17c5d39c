/** Going on with a run under other choices than it was begun with is refused. */
import { InputError } from "../base/index.ts";
import { isRecipePart, type RecipePart } from "../recipes/index.ts";

/** Throws an InputError where a field that was chosen is another in the run that goes on. */
export function refuseOther(chosen: RecipePart, there: object, where: string, path = ""): void {
  for (const [field, value] of Object.entries(chosen)) {
    const found = (there as RecipePart)[field];
    const name = path ? `${path}.${field}` : field;
    if (isRecipePart(value) && isRecipePart(found)) refuseOther(value, found, where, name);
    else if (JSON.stringify(found) !== JSON.stringify(value)) {
      throw new InputError(`${where}: ${name} is ${JSON.stringify(found)} there, found ${JSON.stringify(value)}`);
    }
  }
}
