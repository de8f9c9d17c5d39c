/** What the log needs of a file system: the browser's own (`opfs.ts`), or any other in tests. */

/** A file that nobody else writes. All is done when a call returns; every call throws where the disk refuses. */
export interface LogFile {
  size(): number;
  /** The bytes `[at, at + into.length)` as far as they are there; says how many that are. */
  read(into: Uint8Array, at: number): number;
  /** Says how many were written; another number than there are where the disk is full. */
  write(bytes: Uint8Array, at: number): number;
  truncate(size: number): void;
  /** Waits for the disk. */
  flush(): void;
  close(): void;
}

/** A flat folder of files. */
export interface LogFolder {
  list(): Promise<string[]>;
  /** The file, empty if it is new. Rejects where somebody has it open. */
  open(name: string): Promise<LogFile>;
  /** The bytes of a file as they are now, whoever has it open. */
  bytes(name: string): Promise<Uint8Array>;
  remove(name: string): Promise<void>;
}

/** Names that one page at a time can hold. What a page held is free when the page is gone, however it went. */
export interface Locks {
  /** Takes the name, and gives what lets go of it; null where somebody holds it. */
  take(name: string): Promise<(() => void) | null>;
}
