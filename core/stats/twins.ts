/**
 * What a method is compared with unless somebody names a baseline: its twin, which differs in one thing only. Methods
 * are named by id; one that is not listed is compared with the plain baseline.
 */
export const PLAIN = 'mean'

const TWINS: Record<string, string[]> = {
  'hard-sharing': ['single-task-mlp'],
  'pooled-mlp': ['single-task-mlp'],
  'pooled-mlp-intercepts': ['single-task-mlp'],
  'pooled-ridge': ['ridge', 'logistic'],
  'pooled-ridge-intercepts': ['ridge', 'logistic'],
  'multi-task-lasso': ['ridge'],
  'multi-task-elastic-net': ['ridge'],
  maml: ['from-scratch'],
  'pretrain-finetune': ['from-scratch'],
}
const BASELINES = [PLAIN, 'ridge', 'logistic']

export type Named = { key: string; id: string }

/** The key of the method that `method` is compared with; null for the plain baseline itself. */
export function twinOf(method: Named, all: readonly Named[]): string | null {
  const wanted = [...(TWINS[method.id] ?? []), PLAIN]
  for (const id of wanted) {
    const found = all.find((other) => other.id === id && other.key !== method.key)
    if (found) return method.id === PLAIN ? null : found.key
  }
  return null
}

/** Whether a method learns tasks together, so that "together or alone" is the question about it. */
export const learnsTogether = (id: string) => id in TWINS

export function roleOf(id: string, chosen: readonly string[]): 'baseline' | 'twin' | 'chosen' {
  if (BASELINES.includes(id)) return 'baseline'
  return chosen.includes(id) ? 'chosen' : 'twin'
}
