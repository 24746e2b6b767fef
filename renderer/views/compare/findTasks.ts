/**
 * Any task in a few keys: "137" finds `exam@school=137` before `exam@school=1370`. Best first: the part after the last
 * "=" or "@" is the query; it begins with it; the whole name contains it; its letters appear in order.
 */
export function findTasks<T extends { id: string }>(tasks: readonly T[], query: string): T[] {
  const wanted = query.trim().toLocaleLowerCase()
  if (!wanted) return [...tasks]
  return tasks
    .map((task) => ({ task, rank: rankOf(task.id.toLocaleLowerCase(), wanted) }))
    .filter(({ rank }) => rank < 9)
    .sort((a, b) => a.rank - b.rank)
    .map(({ task }) => task)
}

function rankOf(name: string, wanted: string): number {
  const own = name.slice(Math.max(name.lastIndexOf('='), name.lastIndexOf('@')) + 1)
  if (own === wanted || name === wanted) return 0
  if (own.startsWith(wanted)) return 1
  if (name.includes(wanted)) return 2
  return inOrder(name, wanted) ? 3 : 9
}

function inOrder(name: string, wanted: string): boolean {
  let at = -1
  return [...wanted].every((letter) => (at = name.indexOf(letter, at + 1)) >= 0)
}
