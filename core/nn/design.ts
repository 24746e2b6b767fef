import { z } from 'zod'

/**
 * What a network has beyond one trunk with a linear head per task, or beyond one whole network per task. Saved with the
 * model; `architectureOf` makes blocks, forward pass and view of it.
 */
export const Design = z.discriminatedUnion('kind', [
  /** A head of several layers for every task. */
  z.object({ kind: z.literal('deep-heads'), headHidden: z.array(z.int().min(1)).min(1) }),
])
export type Design = z.infer<typeof Design>
