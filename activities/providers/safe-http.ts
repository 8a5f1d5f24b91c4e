import { Agent, type Dispatcher, errors, request } from 'undici';
import { readBody, TooLarge, Unreadable } from './bounded-body.js';
import { AddressForbidden, publicLookup, type Resolver, resolveAll } from './pinned-lookup.js';
import { type LookupFailure, misconfigured, temporary } from './plugin.js';
import { addressLiteral, isPublicAddress } from './public-address.js';

/** In milliseconds. */
const connectTimeLimit = 2_000;

export interface SafeRequest {
  url: URL;
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  /** When the whole call is given up, by `performance.now()`; one for all requests of a lookup (security.md F4). */
  endsAt: number;
  /** The deployment lists the origin: it may be on any address. */
  anyAddress: boolean;
  /** The status says all: whatever body comes, none of it is read. */
  statusOnly?: true;
}

export interface SafeAnswer {
  status: number;
  retryAfter?: string;
  /** Of a success only, where it is wanted: no other body says anything that is used. */
  text: string;
}

/**
 * One request to an address that staff typed: bounded in time and size, to public addresses only, following nothing
 * (security.md F2, F3, F4). Every way it can fail is a fixed reason; what the network said stays here (F6).
 */
export async function safeRequest(
  asked: SafeRequest,
  resolve: Resolver = resolveAll,
): Promise<{ answer: SafeAnswer } | { failure: LookupFailure }> {
  const literal = addressLiteral(asked.url);
  // Node dials these without a lookup.
  if (!asked.anyAddress && literal && !isPublicAddress(literal)) return { failure: misconfigured('addressForbidden') };
  const agent = createAgent(asked.anyAddress, resolve);
  const clock = startClock(agent, asked.endsAt);
  try {
    return { answer: await Promise.race([exchange(agent, asked), clock.late]) };
  } catch (error) {
    return { failure: classify(error) };
  } finally {
    clock.stop();
    // Not waited for: a connection that is still being made is closed when it is made, or by its own time limit.
    agent.destroy().catch(() => {});
  }
}

class Late extends Error {
  override readonly name = 'Late';
}

/** Beside the agent and not by a signal to it: undici hears of a signal only once it is connected. */
function startClock(agent: Agent, endsAt: number): { late: Promise<never>; stop(): void } {
  const timers: NodeJS.Timeout[] = [];
  const late = new Promise<never>((_, reject) => {
    for (const time of [connectTimeLimit, endsAt - performance.now()])
      timers.push(setTimeout(() => reject(new Late()), time));
  });
  agent.once('connect', () => clearTimeout(timers[0]));
  const stop = () => {
    for (const timer of timers) clearTimeout(timer);
  };
  return { late, stop };
}

/** One for each request: a connection kept open would outlive the check of its address. */
const createAgent = (anyAddress: boolean, resolve: Resolver) =>
  new Agent({
    connect: {
      // Said although it is the default, which an environment variable can turn off.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      // Coarse, so that the clock above comes first; this one closes the socket.
      timeout: connectTimeLimit,
      ...(anyAddress ? {} : { lookup: publicLookup(resolve) }),
    },
  });

async function exchange(agent: Agent, asked: SafeRequest): Promise<SafeAnswer> {
  const { url, method, body, headers, statusOnly } = asked;
  const answer = await request(url, {
    dispatcher: agent,
    method,
    body,
    headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'vestibule', ...headers },
  });
  const { statusCode: status } = answer;
  const retryAfter = oneHeader(answer, 'retry-after');
  const succeeded = status >= 200 && status < 300;
  const isRead = succeeded && !statusOnly;
  const text = isRead ? await readBody(answer.body, oneHeader(answer, 'content-encoding')) : '';
  if (!isRead) answer.body.on('error', () => {}).destroy();
  return { status, text, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

const oneHeader = ({ headers }: Dispatcher.ResponseData, name: string): string | undefined => [headers[name]].flat()[0];

/** OpenSSL's and Node's codes of a certificate that is not trusted: expired, self-signed, for another name. */
const certificateFault = /CERT|ISSUER|VERIFY_LEAF|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|CRL/;

function classify(error: unknown): LookupFailure {
  // No fault of a network: we built a request that cannot be sent.
  if (error instanceof errors.InvalidArgumentError) throw error;
  if (error instanceof Late) return temporary('timeout');
  if (error instanceof AddressForbidden) return misconfigured('addressForbidden');
  if (error instanceof TooLarge) return temporary('tooLarge');
  if (error instanceof Unreadable) return temporary('notJson');
  const code = String((error as { code?: unknown }).code ?? '');
  if (certificateFault.test(code)) return misconfigured('badCertificate');
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return temporary('timeout');
  return temporary(code === 'UND_ERR_HEADERS_OVERFLOW' ? 'tooLarge' : 'unreachable');
}
