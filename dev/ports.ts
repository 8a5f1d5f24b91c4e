import { once } from 'node:events';
import { createServer } from 'node:net';

/** How many ports above a taken one are tried before any free one is taken. */
const portsTriedAbove = 50;
/** Below those that systems give to outgoing connections, one of which could take the port before its server does. */
const anyPort = { from: 15_000, to: 32_000 };
/** How many a process chooses before it comes to those of the next one. */
const portsOfProcess = 97;

/**
 * The wanted port if it is free, else the next free one above it; 0 means any free one. Free means that nobody listens
 * on it on any address: a browser that opens `localhost` may try IPv6 first and meet somebody else's server there.
 */
export async function choosePort(wanted: number): Promise<number> {
  if (wanted === 0) return anyFreePort();
  for (let port = wanted; port <= Math.min(wanted + portsTriedAbove, 65_535); port++) {
    if (await isFree(port)) return port;
  }
  return anyFreePort();
}

/** Whether nobody listens on the port on any address. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
    if (!(await canListen(port, host))) return false;
  }
  return true;
}

async function canListen(port: number, host: string) {
  const server = createServer();
  server.listen({ port, host, ipv6Only: host === '::', exclusive: true });
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A machine without IPv6 has nobody listening there.
    return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EINVAL';
  } finally {
    server.close();
  }
}

/**
 * Each process goes through the ports from a place of its own: chosen at random, one that another process has just
 * chosen and not yet taken could be chosen twice.
 */
let next = process.pid * portsOfProcess;

async function anyFreePort(): Promise<number> {
  for (;;) {
    const port = anyPort.from + (next++ % (anyPort.to - anyPort.from));
    if (await isFree(port)) return port;
  }
}
