/** What a JSON Schema says of fields: for the tests that no field is without a flag. */

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** The paths of all fields that hold no other fields, of every kind there is to choose from. */
export function leavesOf(schema: object, path = ""): string[] {
  const { properties, oneOf, anyOf } = schema as Schema;
  const inner = [
    ...Object.entries(properties ?? {}).flatMap(([name, one]) => leavesOf(one, path ? `${path}.${name}` : name)),
    ...[...(oneOf ?? []), ...(anyOf ?? [])].flatMap((one) => leavesOf(one, path)),
  ];
  return inner.length > 0 ? [...new Set(inner)] : [path];
}
