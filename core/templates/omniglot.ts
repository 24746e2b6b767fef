import type { ClassLists } from '../experiment.ts'
import { rng } from '../rng.ts'

/**
 * Omniglot's 1623 characters as MAML's code parts them: shuffled, 1100 to learn from, 100 to choose by, 423 to test on.
 * Its list was never published (it shuffles folder names with a seed of Python's generator), so this one is drawn here,
 * once and for all.
 */
export function omniglotLists(): ClassLists {
  const order = Array.from(rng('omniglot/1100-100-423').permutation(1623), String)
  return { train: order.slice(0, 1100), validation: order.slice(1100, 1200), test: order.slice(1200) }
}
