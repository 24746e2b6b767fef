import type { Rng } from '../rng.ts'
import type { InputsFrom } from './classEpisodes.ts'

/** A batch of generated tasks of equal size, flat and row-major; y is a number or the index of a class. */
export type EpisodeBatch = {
  tasks: number
  shots: number
  queries: number
  features: number
  /** [task, shot, feature], [task, shot, 1], [task, query, feature], [task, query, 1] */
  supportX: Float32Array
  supportY: Float32Array
  queryX: Float32Array
  queryY: Float32Array
  /**
   * [task, shot, 1] and [task, query, 1], where tasks have unequal numbers of rows, or rows have weights: a sum of 1 in
   * each task, 0 where a row only fills up. Absent: all rows are real and count alike.
   */
  supportWeight?: Float32Array
  queryWeight?: Float32Array
}

/** A distribution over tasks: draws as many fresh tasks as asked for, the same for the same rng key. */
export interface TaskGenerator {
  id: string
  params: Record<string, unknown>
  features: string[]
  target: string
  /** Names of the classes of every task where its target is a class. */
  classes?: string[]
  /** [height, width, channel] where a row is an image. */
  input?: number[]
  /** Where inputs come from, where tasks are drawn from the classes of a table. */
  from?: InputsFrom
  /** The same classes, so many of them in each task, or as many as have `rows` rows. */
  withWays?(ways: number, rows: number): TaskGenerator
  /** `tasks` new tasks with `shots` support and `queries` query rows each (of each class, where there are classes). */
  sample(rng: Rng, tasks: number, shots: number, queries: number): EpisodeBatch
}
