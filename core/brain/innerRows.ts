import type { TaskSet, View } from '../data/taskSet.ts'
import { episodesOf } from '../episodeViews.ts'
import type { Trial } from '../experiment.ts'
import { wholeFold } from '../frame.ts'
import { rng } from '../rng.ts'
import { freshTasks, trialData } from '../trialData.ts'
import type { InnerMap } from './innerLoop.ts'

/**
 * A few tasks with support and query rows for looking at what a trained learner does with them: those of the trial's own
 * test where it has few-shot episodes, made-up ones drawn anew, else tasks of its training rows.
 */
export function innerRows(
  trial: Trial,
  set: TaskSet,
  most: number,
): { support: View; query: View; rows: InnerMap['rows'] } {
  const { evaluation } = trial
  if (set.generator) {
    const drawn: Trial = { ...trial, evaluation: { ...evaluation, protocol: 'few-shot', episodes: most } }
    const [{ support, query }] = freshTasks(drawn, set.generator, most, 'inner-loop')
    return { support: support as View, query, rows: 'drawn' }
  }
  const { train, inner, test } = trialData(trial, set)
  for (const { support, query } of test ?? [])
    if (support) return { support: first(support, most), query: first(query, most), rows: 'test' }
  const whole = wholeFold({ train, inner })
  const [episode] = episodesOf(whole, evaluation, rng(`inner-loop/${evaluation.seed}`))
  return { support: first(episode.support, most), query: first(episode.query, most), rows: 'training' }
}

/** The first tasks of a view that have rows in it, with their rows. */
function first({ set, rows, tasks }: View, most: number): View {
  const wanted = new Set(tasks)
  const found = new Set<number>()
  for (const row of rows)
    for (let target = 0; target < set.targets.length; target++) {
      const task = set.taskOf(row, target)
      if (wanted.has(task)) found.add(task)
    }
  const kept = new Set([...found].sort((a, b) => a - b).slice(0, most))
  return {
    set,
    rows: rows.filter((row) => set.targets.some((_, target) => kept.has(set.taskOf(row, target)))),
    tasks: tasks.filter((task) => kept.has(task)),
  }
}
