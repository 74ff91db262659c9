/** Which agent a place in the state directory belongs to: the group names it. */
const AGENT_PLACES: readonly RegExp[] = [
  /^agents\/([^/]+)/,
  /^workspace-([^/]+)/,
  /^memory\/([^/]+)\.sqlite(?:-wal|-shm|-journal)?$/,
];

/** What is of the one agent that does not have to be named. */
const DEFAULT_AGENT_PLACES = /^(?:workspace|sessions|agent)(?:\/|$)/;

/** @param path relative to the state directory, with `/` */
export function agentOfStatePath(path: string, defaultAgent?: string): string | undefined {
  for (const place of AGENT_PLACES) {
    const id = place.exec(path)?.[1];
    if (id !== undefined) return id;
  }
  return DEFAULT_AGENT_PLACES.test(path) ? defaultAgent : undefined;
}
