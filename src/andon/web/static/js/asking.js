// A query on its way: its address, and its answer as it comes.

/** An address that is longer keeps its text behind the `#`, packed: servers and proxies refuse long ones. */
const LONGEST = 6000;
const SENDING = { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" } };

/**
 * @typedef {{q: string, at: string | null, part: string | null, p: Record<string, string>}} Asked
 */

/** @param {Asked} asked */
function beside({ at, part, p }) {
  const rest = new URLSearchParams();
  if (at) rest.set("at", at);
  if (part) rest.set("part", part);
  for (const [name, value] of Object.entries(p)) rest.set(`p.${name}`, value);
  return rest;
}

/** The address of the answer as a file. */
export function fileOf(asked, format) {
  return `/api/v1/queries?${new URLSearchParams([["sql", asked.q], ["format", format], ...beside(asked)])}`;
}

/** What a text is made of; nothing where the server can't tell. */
export async function outlineOf(sql) {
  const response = await fetch("/api/v1/queries/outline", { ...SENDING, body: JSON.stringify({ sql }) });
  return response.ok ? response.json() : null;
}

/** What may be written in a query at a ref: of the lake and of the engine; nothing where the server can't tell. */
export async function wordsAt(ref) {
  const at = ref ? `?at=${encodeURIComponent(ref)}` : "";
  const found = await Promise.all([fetch(`/api/v1/completion${at}`), fetch("/api/v1/completion/words")]);
  if (found.some((each) => !each.ok)) return null;
  const [words, engine] = await Promise.all(found.map((each) => each.json()));
  return { ...words, engine };
}

/** The address of what is asked. */
export async function addressOf(asked, chart = null, page = "/sql") {
  const rest = beside(asked);
  if (chart) rest.set("chart", chart);
  const whole = new URLSearchParams([["q", asked.q], ...rest]);
  if (String(whole).length <= LONGEST) return `${page}?${whole}`;
  return `${page}${rest.size ? `?${rest}` : ""}#z=${await packed(asked.q)}`;
}

/** What an address asks; without a text where it asks nothing. */
export async function askedBy(address) {
  const query = address.searchParams;
  const p = Object.create(null); // names of parameters are anything
  for (const [name, value] of query) if (name.startsWith("p.")) p[name.slice(2)] = value;
  const q = address.hash.startsWith("#z=") ? await unpacked(address.hash.slice(3)) : query.get("q");
  return { q, at: query.get("at"), part: query.get("part"), p };
}

async function packed(text) {
  const bytes = await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function unpacked(word) {
  try {
    const letters = atob(word.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    return new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw")));
  } catch {
    return null; // an address that was cut on its way asks nothing
  }
}

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

/** An error of the server: its document is `problem`. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/**
 * Ask, and hear of heading and rows while they come.
 * @param {Asked} asked
 * @param {{limit: number, signal: AbortSignal, head: (head: any) => void, rows: (rows: any[][]) => void}} how
 * @returns what it came to
 */
export async function ask(asked, how) {
  const body = { sql: asked.q, limit: how.limit, at: asked.at, part: asked.part };
  if (Object.keys(asked.p).length) body.parameters = asked.p;
  const response = await fetch("/api/v1/queries", {
    ...SENDING,
    headers: { ...SENDING.headers, Accept: "application/x-ndjson" },
    body: JSON.stringify(body),
    signal: how.signal,
  });
  if (!response.ok) throw new Refused(await response.json());
  let ending = null;
  for await (const line of linesOf(response.body)) {
    if (Array.isArray(line)) how.rows(line);
    else if (line.columns) how.head(line);
    else if (line.problem) throw new Refused(line.problem);
    else ending = line;
  }
  if (!ending) throw new Error("the answer was cut on its way: ask again");
  return ending;
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
  }
}
