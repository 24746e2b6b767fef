import type { NetworkView } from '../method.ts'
import type { TaskId } from '../data/taskSet.ts'

/** One trunk of a network that parts: the layer that its tasks' heads read, and the layers from the inputs up to it. */
export type TrunkOfTasks = { layers: string[]; tasks: TaskId[] }

/** Which tasks share a trunk, where trunks part and every head reads one of them; null of other networks. */
export function trunksOf({ layers, edges }: Pick<NetworkView, 'layers' | 'edges'>): TrunkOfTasks[] | null {
  const trunks = new Set(layers.filter(({ kind }) => kind === 'trunk').map(({ id }) => id))
  const into = (id: string) => edges.filter((edge) => edge.to === id && trunks.has(edge.from)).map(({ from }) => from)
  const found = new Map<string, TaskId[]>()
  for (const { id, kind, task } of layers) {
    if (kind !== 'head' || task === null) continue
    const from = into(id)
    if (from.length !== 1) return null
    found.set(from[0], [...(found.get(from[0]) ?? []), task])
  }
  const path = (id: string): string[] => [...into(id).flatMap(path), id]
  return found.size > 1 ? [...found].map(([last, tasks]) => ({ layers: path(last), tasks })) : null
}
