/** Where modules lie that are started rather than imported: in TypeScript beside the source, in JavaScript when built. */

/** The address of the module `name` (without its extension) beside the module at `url`, which is `import.meta.url`. */
export function siblingModule(url: string, name: string): string {
  return new URL(`${name}${isSource(url) ? ".ts" : ".js"}`, url).href;
}

export const isSource = (url: string): boolean => new URL(url).pathname.endsWith(".ts");
