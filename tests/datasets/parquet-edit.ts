/** Changes rows of a parquet file, for damage that a reader is to find. */
import { readFileSync } from "node:fs";
import { parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { parquetWriteFile, type SchemaElement } from "hyparquet-writer";

/** Rewrites some columns of a parquet file, changed. */
export async function editRows(
  path: string,
  columns: string[],
  change: (rows: Record<string, unknown>[]) => unknown[],
): Promise<void> {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  const rows = change(await parquetReadObjects({ file, columns, metadata: await parquetMetadataAsync(file) }));
  const columnData = columns.map((name) => ({
    name,
    data: (rows as Record<string, unknown>[]).map((row) => row[name]),
  }));
  const schema = columnData.flatMap(({ name, data }) => elementsOf(name, data));
  parquetWriteFile({
    filename: path,
    columnData,
    schema: [{ name: "schema", num_children: columns.length }, ...schema],
  });
}

function elementsOf(name: string, data: unknown[]): SchemaElement[] {
  const [first] = data;
  if (!Array.isArray(first)) {
    const isWhole = typeof data.find((value) => value !== null) === "bigint";
    return [{ name, type: isWhole ? "INT64" : "DOUBLE", repetition_type: "OPTIONAL" }];
  }
  const element: SchemaElement =
    typeof first[0] === "string"
      ? { name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }
      : { name: "element", type: "DOUBLE", repetition_type: "OPTIONAL" };
  return [
    { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    element,
  ];
}
