/** Parquet files, row by row, with every failure as one line that names the file. */
import { open } from "node:fs/promises";
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { InputError, unusable } from "../../base/index.ts";

/** A row as the library gives it: 64-bit integers are bigint, lists are arrays. */
export type Row = Readonly<Record<string, unknown>>;

export interface ParquetFile {
  /** Top-level columns. */
  readonly columns: readonly string[];
  /** Some columns of all rows, a row group at a time. Throws InputError where a column is absent or a page damaged. */
  blocks(columns: readonly string[]): AsyncGenerator<Row[], void>;
}

/** What `use` makes of the file at `path`, closed afterwards. Throws InputError where it is no whole parquet file. */
export async function withParquet<T>(path: string, use: (file: ParquetFile) => Promise<T>): Promise<T> {
  const file = await open(path, "r").catch((error) => {
    throw unusable(path, "read", error);
  });
  try {
    const { size } = await file.stat();
    const buffer: AsyncBuffer = {
      byteLength: size,
      slice: async (start, end = size) => {
        const bytes = new Uint8Array(Math.max(0, end - start));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
        return bytes.buffer.slice(0, bytesRead);
      },
    };
    const metadata = await parquetMetadataAsync(buffer).catch((error) => {
      throw new InputError(`${path}: found ${size} bytes that are no whole parquet file (${firstLine(error)})`);
    });
    return await use(fileAt(path, buffer, metadata));
  } finally {
    await file.close();
  }
}

function fileAt(path: string, file: AsyncBuffer, metadata: FileMetaData): ParquetFile {
  const columns = topLevel(metadata);
  return {
    columns,
    async *blocks(wanted) {
      const missing = wanted.find((column) => !columns.includes(column));
      if (missing !== undefined) {
        throw new InputError(
          `${path}: found no column ${missing}, expected one beside ${columns.slice(0, 8).join(", ")}`,
        );
      }
      let rowStart = 0;
      for (const { num_rows } of metadata.row_groups) {
        const rowEnd = rowStart + Number(num_rows);
        const request = { file, metadata, compressors, columns: [...wanted], rowStart, rowEnd };
        const rows = await parquetReadObjects(request).catch((error) => {
          throw new InputError(`${path}: rows ${rowStart} to ${rowEnd}: cannot be read: damaged (${firstLine(error)})`);
        });
        if (rows.length !== rowEnd - rowStart) {
          throw new InputError(`${path}: found ${rows.length} rows, expected ${rowEnd - rowStart} from ${rowStart} on`);
        }
        yield rows;
        rowStart = rowEnd;
      }
    },
  };
}

/** The schema is a tree in one list: an element is followed by its children. */
function topLevel({ schema: [root, ...elements] }: FileMetaData): string[] {
  const names: string[] = [];
  let next = 0;
  const skip = (children: number) => {
    for (let child = 0; child < children; child++) skip(elements[next++]?.num_children ?? 0);
  };
  for (let column = 0; column < (root?.num_children ?? 0) && next < elements.length; column++) {
    const { name, num_children: children = 0 } = elements[next++];
    names.push(name);
    skip(children);
  }
  return names;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0];
}
