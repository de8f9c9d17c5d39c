/** Writing parquet files that Arrow's readers take for their own: optional columns, lists of three levels, snappy. */
import { fileWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";

/** "list" of a type: one of any length per row. */
export type ColumnType =
  | "FLOAT"
  | "DOUBLE"
  | "INT64"
  | "STRING"
  | { readonly list: "FLOAT" | "DOUBLE" | "INT64" | "STRING" };

/** A column of a file to be written. 64-bit integers are bigint, lists are plain arrays. */
export type Schema = Readonly<Record<string, ColumnType>>;
export type ColumnData = Readonly<Record<string, readonly unknown[]>>;

/**
 * Writes a file at `path`, each block a row group of its own. `metadata`: texts by name in the file's footer. Throws what
 * the file system throws.
 */
export function writeParquet(
  path: string,
  { schema, metadata = {} }: { schema: Schema; metadata?: Readonly<Record<string, string>> },
  blocks: Iterable<ColumnData>,
): void {
  const elements: SchemaElement[] = [{ name: "schema", num_children: Object.keys(schema).length }];
  for (const [name, type] of Object.entries(schema)) elements.push(...elementsOf(name, type));
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: elements,
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: "apprentice",
  });
  for (const block of blocks) {
    const columnData = Object.keys(schema).map((name) => ({ name, data: [...block[name]] }));
    writer.write({ columnData, rowGroupSize: Math.max(1, columnData[0].data.length) });
  }
  writer.finish();
}

function elementsOf(name: string, type: ColumnType): SchemaElement[] {
  if (typeof type === "string") return [leaf(name, type)];
  return [
    { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    leaf("element", type.list),
  ];
}

function leaf(name: string, type: "FLOAT" | "DOUBLE" | "INT64" | "STRING"): SchemaElement {
  if (type !== "STRING") return { name, type, repetition_type: "OPTIONAL" };
  return { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" };
}
