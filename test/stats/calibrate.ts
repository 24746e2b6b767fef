import { made, compare, type World } from './made.ts'

type Shape = Omit<World, 'seed' | 'methods'>

function worldOf(shape: Shape, seed: number, sd: number, other: number) {
  const all = (value: number) => Array.from({ length: shape.tasks }, () => value)
  const methods = [
    { id: 'single-task-mlp', sd: all(sd) },
    { id: 'hard-sharing', sd: all(other) },
  ]
  return compare(made({ ...shape, seed, methods }))
}

/**
 * Worlds without a true effect: the share of tasks called "helps" or "hurts", and of intervals over all tasks that
 * miss zero. The smallest effect is put to nothing, so that no interval is excused for being narrow.
 */
export function falseCalls(shape: Shape, worlds: number): { rate: number; overall: number } {
  let calls = 0
  let overall = 0
  for (let seed = 0; seed < worlds; seed++) {
    for (const { task, ci95 } of worldOf(shape, seed, 0.5, 0.5).differences) {
      const missed = Number(ci95 !== null && (ci95[0] > 0 || ci95[1] < 0))
      if (task === null) overall += missed
      else calls += missed
    }
  }
  return { rate: calls / worlds / shape.tasks, overall: overall / worlds }
}

/** Worlds where sharing lowers the noise by a fifth: the share of tasks called "helps". */
export function foundEffects(shape: Shape, worlds: number): number {
  let found = 0
  for (let seed = 0; seed < worlds; seed++)
    found += worldOf(shape, 10_000 + seed, 0.5, 0.4).differences.filter((d) => d.task && d.call === 'helps').length
  return found / worlds / shape.tasks
}
