import type { z } from 'zod'
import type { Rng } from '../../rng.ts'
import type { Roles } from '../roles.ts'
import type { EpisodeBatch, TaskGenerator } from '../generator.ts'
import type { Column } from '../table.ts'

/** Made-up data with known truth: a distribution over tasks, or a table with several targets. */
export interface DataGenerator<P = unknown> {
  id: string
  title: string
  about: string
  /** Every field has a default and a `.describe()` text. */
  params: z.ZodType<P>
  /** Its tasks raise the question whether to learn together; of others: how few rows does a new one need? */
  together?: true
  /** How many tasks, and rows of each, are written into a table where nobody says. */
  shape: { tasks: number; rows: number }
  /** A distribution over tasks to draw fresh ones from. */
  generator?(params: P): TaskGenerator
  /** A table with roles of its own, for generators that are no distribution over tasks. */
  table?(params: P, rng: Rng, rows: number): { columns: Column[]; roles: Partial<Roles> }
}

export function emptyBatch(tasks: number, shots: number, queries: number, features: number): EpisodeBatch {
  return {
    tasks,
    shots,
    queries,
    features,
    supportX: new Float32Array(tasks * shots * features),
    supportY: new Float32Array(tasks * shots),
    queryX: new Float32Array(tasks * queries * features),
    queryY: new Float32Array(tasks * queries),
  }
}
