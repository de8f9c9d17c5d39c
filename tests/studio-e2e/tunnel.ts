/** A cable between a browser and a server that can be pulled: nothing passes then, and nobody is told. */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Tunnel {
  readonly port: number;
  /** From now on nothing passes; connections stay as they are. */
  pull(): void;
  /** Connections from before the cut are no more; new ones pass. */
  plug(): void;
  /** Leads to another port from now on. */
  lead(port: number): void;
  close(): Promise<void>;
}

export async function openTunnel(target: number): Promise<Tunnel> {
  let to = target;
  let isPulled = false;
  const ends = new Set<Socket>();
  const join = (from: Socket, other: Socket) => {
    from.on("data", (bytes) => {
      if (!isPulled && !from.destroyed) other.write(bytes);
    });
    from.on("error", () => {});
    from.on("close", () => {
      ends.delete(from);
      if (!isPulled) other.destroy();
    });
    ends.add(from);
  };
  const server: Server = createServer((near) => {
    if (isPulled) {
      ends.add(near);
      near.on("error", () => {});
      return;
    }
    const far = connect(to, "127.0.0.1");
    join(near, far);
    join(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const drop = () => {
    for (const end of ends) end.destroy();
    ends.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    pull() {
      isPulled = true;
    },
    plug() {
      drop();
      isPulled = false;
    },
    lead(port) {
      to = port;
    },
    async close() {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
