import type { Method } from '../method.ts'
import { methods } from '../methods.ts'
import { PLAIN } from './comparison.ts'

/**
 * What a method is compared with unless somebody names a baseline: the first of its twins that is there, otherwise the
 * plain baseline. Each method says in its own file what its twins are and what it stands beside.
 */
export type Named = { key: string; id: string }

const twinsOf = (id: string) => methods.find((m) => m.id === id)?.twins ?? []

/** The key of the method that `method` is compared with; null for the plain baseline itself. */
export function twinOf(method: Named, all: readonly Named[]): string | null {
  if (method.id === PLAIN) return null
  for (const id of [...twinsOf(method.id), PLAIN]) {
    const found = all.find((other) => other.id === id && other.key !== method.key)
    if (found) return found.key
  }
  return null
}

/**
 * The key of the one model for all tasks that answers "why not pool?" about a method that learns tasks together: one
 * that has a twin in common with it, so that they differ in how much they share and in nothing else.
 */
export function poolOf(method: Named, all: readonly Named[]): string | null {
  const ignores = (id: string) => methods.find((m) => m.id === id)?.ignoresTasks === true
  if (ignores(method.id)) return null
  const own = twinsOf(method.id)
  return all.find(({ id }) => ignores(id) && twinsOf(id).some((twin) => own.includes(twin)))?.key ?? null
}

/** Whether a method learns tasks together, so that "together or alone" is the question about it. */
export const learnsTogether = (id: string) => twinsOf(id).length > 0

/** The methods that the chosen ones are compared with on equal terms, in the order of the list. */
export function companionsOf(chosen: readonly Method[]): Method[] {
  const twins = chosen.flatMap((m) => m.twins ?? [])
  const families = chosen.map((m) => m.family)
  return methods.filter(
    (m) => !chosen.includes(m) && (twins.includes(m.id) || m.beside?.some((family) => families.includes(family))),
  )
}

export type Role = 'baseline' | 'twin' | 'chosen'

/** Why a method is in an experiment: a baseline that learns each task alone, chosen by the person, or a companion. */
export function roleOf(id: string, chosen: readonly string[]): Role {
  if (methods.find((m) => m.id === id)?.family === 'baseline' && !learnsTogether(id)) return 'baseline'
  return chosen.includes(id) ? 'chosen' : 'twin'
}
