/**
 * A tiny typed assembler for WebAssembly with 128-bit SIMD: as much of it as the optimizer kernel needs, and no more.
 * Code is built as expressions, each a list of bytes that carries the type it leaves on the stack, so that operands of
 * the wrong type do not compile. Opcodes: WebAssembly Core Specification 2.0, section 5.4.
 */

export type ValueType = "i32" | "f32" | "f64" | "v128";

/** Bytes of instructions that leave one value of type T on the stack, or nothing. */
export type Code<T extends ValueType | "nothing"> = { readonly type: T; readonly bytes: readonly number[] };

export type Local<T extends ValueType> = { readonly type: T; readonly index: number };

export type WasmFunction = {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | "nothing";
  readonly locals: readonly ValueType[];
  readonly body: readonly number[];
};

const typeByte = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const satisfies Record<ValueType, number>;

const code = <T extends ValueType | "nothing">(type: T, ...parts: (readonly number[])[]): Code<T> => ({
  type,
  bytes: parts.flat(),
});

/** LEB128 of an unsigned integer below 2^32. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value & 0x7f;
    value >>>= 7;
    bytes.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return bytes;
}

/** LEB128 of a signed 32-bit integer. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    const last = (value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

/** Alignment (log2 of bytes; a hint only) and a constant byte offset that is added to the address for free. */
const memoryArgument = (alignment: number, offset: number): number[] => [alignment, ...unsigned(offset)];

const unary =
  <A extends ValueType, R extends ValueType>(opcode: readonly number[], result: R) =>
  (x: Code<A>): Code<R> =>
    code(result, x.bytes, opcode);

const binary =
  <A extends ValueType, R extends ValueType>(opcode: readonly number[], result: R) =>
  (x: Code<A>, y: Code<A>): Code<R> =>
    code(result, x.bytes, y.bytes, opcode);

export const get = <T extends ValueType>(local: Local<T>): Code<T> => code(local.type, [0x20], unsigned(local.index));

export const set = <T extends ValueType>(local: Local<T>, value: Code<T>): Code<"nothing"> =>
  code("nothing", value.bytes, [0x21], unsigned(local.index));

export const i32 = {
  const: (value: number): Code<"i32"> => code("i32", [0x41], signed(value | 0)),
  add: binary<"i32", "i32">([0x6a], "i32"),
  lessUnsigned: binary<"i32", "i32">([0x49], "i32"),
};

export const f64 = {
  add: binary<"f64", "f64">([0xa0], "f64"),
};

export const v128 = {
  load: (address: Code<"i32">, offset: number): Code<"v128"> =>
    code("v128", address.bytes, simd(0), memoryArgument(4, offset)),
  /** One 32-bit number of memory in all four lanes. */
  loadSplat32: (address: Code<"i32">, offset: number): Code<"v128"> =>
    code("v128", address.bytes, simd(9), memoryArgument(2, offset)),
  store: (address: Code<"i32">, offset: number, value: Code<"v128">): Code<"nothing"> =>
    code("nothing", address.bytes, value.bytes, simd(11), memoryArgument(4, offset)),
  and: binary<"v128", "v128">(simd(78), "v128"),
  /** 1 if any bit is set, else 0. */
  anyTrue: unary<"v128", "i32">(simd(83), "i32"),
};

export const i32x4 = {
  splat: (value: number): Code<"v128"> => code("v128", i32.const(value).bytes, simd(0x11)),
  /** All bits of a lane set where x ≥ y. */
  atLeastUnsigned: binary<"v128", "v128">(simd(0x40), "v128"),
  maxUnsigned: binary<"v128", "v128">(simd(0xb9), "v128"),
};

export const f32x4 = {
  splat: (value: number): Code<"v128"> => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return code("v128", [0x43, ...bytes], simd(0x13));
  },
  sqrt: unary<"v128", "v128">(simd(0xe3), "v128"),
  add: binary<"v128", "v128">(simd(0xe4), "v128"),
  sub: binary<"v128", "v128">(simd(0xe5), "v128"),
  mul: binary<"v128", "v128">(simd(0xe6), "v128"),
  div: binary<"v128", "v128">(simd(0xe7), "v128"),
};

export const f64x2 = {
  /** Lanes 0 and 1 of four float32 as float64. */
  promoteLow: unary<"v128", "v128">(simd(0x5f), "v128"),
  add: binary<"v128", "v128">(simd(0xf0), "v128"),
  mul: binary<"v128", "v128">(simd(0xf2), "v128"),
  lane: (x: Code<"v128">, lane: 0 | 1): Code<"f64"> => code("f64", x.bytes, simd(0x21), [lane]),
};

/** Lanes 2 and 3 of x in lanes 0 and 1 (and again in 2 and 3). */
export const highHalf = (x: Code<"v128">): Code<"v128"> => {
  const bytes = [8, 9, 10, 11, 12, 13, 14, 15];
  return code("v128", x.bytes, x.bytes, simd(13), bytes, bytes);
};

export const sequence = (...parts: readonly Code<"nothing">[]): Code<"nothing"> =>
  code("nothing", ...parts.map((part) => part.bytes));

/** Runs `body` at least once, again as long as `condition` (evaluated after it) is not zero. */
export const repeatWhile = (body: Code<"nothing">, condition: Code<"i32">): Code<"nothing"> =>
  code("nothing", [0x03, 0x40], body.bytes, condition.bytes, [0x0d, 0x00, 0x0b]);

/**
 * A function: `write` receives the parameters as locals, and a way to reserve further ones, and returns the statements
 * and the value to return.
 */
export function defineFunction<const P extends readonly ValueType[], R extends ValueType | "nothing">(
  name: string,
  parameters: P,
  result: R,
  write: (
    parameters: { [I in keyof P]: Local<P[I]> },
    local: <T extends ValueType>(type: T) => Local<T>,
  ) => { statements: readonly Code<"nothing">[]; value: R extends ValueType ? Code<R> : null },
): WasmFunction {
  const locals: ValueType[] = [];
  const reserve = <T extends ValueType>(type: T): Local<T> => {
    locals.push(type);
    return { type, index: parameters.length + locals.length - 1 };
  };
  const arguments_ = parameters.map((type, index) => ({ type, index })) as { [I in keyof P]: Local<P[I]> };
  const { statements, value } = write(arguments_, reserve);
  const body = [...sequence(...statements).bytes, ...(value === null ? [] : value.bytes)];
  return { name, parameters, result, locals, body };
}

const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];

const section = (id: number, contents: readonly number[]): number[] => [id, ...unsigned(contents.length), ...contents];

const text = (value: string): number[] => {
  const bytes = [...new TextEncoder().encode(value)];
  return [...unsigned(bytes.length), ...bytes];
};

/** A module that imports its memory as `arena.memory` (any size, not shared) and exports the given functions. */
export function assembleModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, result }) => [
    0x60,
    ...vector(parameters.map((type) => [typeByte[type]])),
    ...vector(result === "nothing" ? [] : [[typeByte[result]]]),
  ]);
  const bodies = functions.map(({ locals, body }) => {
    const declared = vector(locals.map((type) => [1, typeByte[type]]));
    return [...unsigned(declared.length + body.length + 1), ...declared, ...body, 0x0b];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector([[...text("arena"), ...text("memory"), 0x02, 0x00, 0x00]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
    ...section(10, vector(bodies)),
  ]);
}
