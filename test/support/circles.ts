/**
 * The groups of nodes that lead to each other, each sorted, the groups in the order of their first names.
 *
 * Two nodes belong to one group when each can be reached from the other.
 */
export function circlesAmong(arrows: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const reached = new Map([...arrows.keys()].map((node) => [node, reachableFrom(node, arrows)] as const));
  const circles = new Map<string, readonly string[]>();
  for (const [node, nodes] of reached) {
    if (!nodes.has(node)) continue;
    const circle = [...nodes].filter((other) => reached.get(other)?.has(node) ?? false).sort();
    circles.set(circle.join(), circle);
  }
  return [...circles].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, circle]) => circle);
}

function reachableFrom(start: string, arrows: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...(arrows.get(start) ?? [])];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    open.push(...(arrows.get(node) ?? []));
  }
  return reached;
}
