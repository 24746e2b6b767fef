import { z } from 'zod'
import { classesAreTasks } from '../data/classParts.ts'
import { makeFolds } from '../data/splits.ts'
import type { TaskSet } from '../data/taskSet.ts'
import type { Evaluation } from '../experiment.ts'
import { shareInterval } from '../stats/intervals.ts'
import { advise } from './advice.ts'
import { CALIBRATION } from './calibration.ts'
import { probe, WAYS } from './probe.ts'

/**
 * "Enough tasks?": how many, how big and how alike the tasks to learn from are, and what chance that gives meta-learning
 * to beat what needs none. Asked before anything is trained, of the training tasks alone.
 */
const Judged = z.object({ hits: z.int(), brier: z.number() })
export const Enough = z.object({
  /** Null where nothing can be said, for the reason in `why`. */
  advice: z
    .object({
      /** That the best meta-learner beats the best baseline by 2 % or more. */
      chance: z.number(),
      rival: z.enum(['level', 'alone', 'line', 'curve', 'lines']),
      probe: z.object({
        tasks: z.int(),
        rows: z.int(),
        shots: z.int(),
        inputs: z.int(),
        errors: z.record(z.enum(WAYS), z.number()),
        gain: z.number(),
        se: z.number(),
        between: z.number(),
      }),
    })
    .nullable(),
  why: z.enum(['not-few-shot', 'generator', 'classes', 'few-tasks']).nullable(),
  /** How often such advice was right on sets of tasks that had no part in making it. */
  record: z.object({
    n: z.int(),
    advice: Judged,
    always: Judged,
    never: Judged,
    ci95: z.tuple([z.number(), z.number()]),
  }),
})
export type Enough = z.infer<typeof Enough>

const { heldOut } = CALIBRATION
const record = { ...heldOut, ci95: shareInterval(heldOut.advice.hits, heldOut.n) }

export function enough(set: TaskSet, evaluation: Evaluation): Enough {
  const none = (why: Enough['why']): Enough => ({ advice: null, why, record })
  if (evaluation.protocol !== 'few-shot') return none('not-few-shot')
  if (set.generator) return none('generator')
  const odd = set.targets.length > 1 || set.tasks.some(({ kind }) => kind === 'multiclass')
  if (classesAreTasks(set, evaluation) || !set.group || odd) return none('classes')
  const { train: rows, testTasks } = makeFolds(set, evaluation)[0]
  const held = new Set(testTasks)
  const tasks = Int32Array.from(set.tasks.keys()).filter((task) => !held.has(task))
  const found = probe({ set, rows, tasks }, evaluation.shots)
  return found ? { advice: advise(found), why: null, record } : none('few-tasks')
}
