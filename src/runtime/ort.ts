/** What onnxruntime-node and onnxruntime-web have in common: tensors over our arrays. */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common";
import { sameShape } from "../base/index.ts";
import type { TypedArray } from "../tensor/index.ts";
import { runInPlace, withListFirst } from "./in-place.ts";
import type { Library } from "./library.ts";
import { type Arrays, checkedSession, describe, type Port, type Session } from "./session.ts";

/** Opens a model with one of the two libraries. */
export async function openWith(
  library: Library,
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
  /**
   * fillsGiven: whether the library writes results into tensors that it is given; onnxruntime-web leaves them as they
   * were. inPlace: whether it can be kept from copying them besides (`in-place.ts`).
   */
  { fillsGiven, inPlace = false }: { fillsGiven: boolean; inPlace?: boolean },
): Promise<Session> {
  const description = describe(model);
  const inner = await library.InferenceSession.create(inPlace ? withListFirst(model) : model, options);
  const wrapped = new WeakMap<TypedArray, OrtTensor>();
  const wrap = (array: TypedArray, { dtype, shape }: Port): OrtTensor => {
    const known = wrapped.get(array);
    if (known?.type === dtype && sameShape(known.dims, shape)) return known;
    const tensor = new library.Tensor(dtype, array as never, shape as number[]) as OrtTensor;
    wrapped.set(array, tensor);
    return tensor;
  };
  const wrapAll = (arrays: Arrays, ports: Readonly<Record<string, Port>>) =>
    Object.fromEntries(
      Object.keys(arrays).flatMap((name) => (ports[name] ? [[name, wrap(arrays[name], ports[name])]] : [])),
    );

  return checkedSession(description, {
    async run(feeds, into) {
      const given = wrapAll(feeds, description.inputs);
      if (inPlace) {
        if (!into) throw new Error("run: the session was opened for runs that name arrays for their results");
        await runInPlace(inner, given, wrapAll(into, description.outputs));
        return into as Record<string, TypedArray>;
      }
      if (!into) {
        const results = await inner.run(given);
        return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data as TypedArray]));
      }
      if (fillsGiven) {
        await inner.run(given, wrapAll(into, description.outputs));
      } else {
        const results = await inner.run(given, Object.keys(into));
        for (const [name, array] of Object.entries(into)) array.set(results[name].data as TypedArray);
      }
      return into as Record<string, TypedArray>;
    },
    close: () => inner.release(),
  });
}
