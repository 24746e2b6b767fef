import { z } from 'zod'
import type { FitEvent } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'

/**
 * Several trainings, one after the other, told as one: progress and steps go on where the one before ended, and a
 * checkpoint says which of them it belongs to and holds, beside the training's own, what the ones before found.
 */
type Found = Record<string, unknown>
type Stage = { stage: number; stages: number; steps: number; found: Found; kept: Uint8Array | null }
const Saved = z.object({ stage: z.int().min(0), steps: z.int().min(0), found: z.record(z.string(), z.unknown()) })

/** Where a fit of so many stages stands: at its beginning, or at a checkpoint. */
export class Stages {
  readonly stages: number
  /** The stage that is being trained, and steps of those before it. */
  stage = 0
  steps = 0
  /** JSON that later stages need, and the model of one of the stages before. */
  found: Found = {}
  kept: Uint8Array | null = null
  private resume: Uint8Array | null = null

  constructor(stages: number, resume: Uint8Array | null) {
    this.stages = stages
    if (!resume) return
    const packed = unpack(resume)
    const parsed = Saved.safeParse(packed.header)
    if (!parsed.success || parsed.data.stage >= stages) throw damaged('a checkpoint of another method')
    Object.assign(this, parsed.data)
    this.kept = packed.arrays.has('kept') ? take(packed, 'kept', 'u8') : null
    this.resume = take(packed, 'training', 'u8')
  }

  /** One stage; `train` is given the checkpoint that it goes on from. */
  async *run<T>(train: (resume: Uint8Array | null) => AsyncGenerator<FitEvent, T>): AsyncGenerator<FitEvent, T> {
    const { stage, stages, steps, found, kept } = this
    const training = train(this.resume)
    this.resume = null
    let last = steps
    for (let next = await training.next(); ; next = await training.next()) {
      if (next.done) {
        this.stage++
        this.steps = last
        return next.value
      }
      const event = next.value
      if (event.type === 'progress') {
        yield { type: 'progress', done: stage * event.of + event.done, of: stages * event.of }
        continue
      }
      const step = (last = steps + event.step)
      const bytes = event.type === 'checkpoint' ? wrap({ stage, stages, steps, found, kept }, event.bytes) : null
      yield bytes ? { type: 'checkpoint', step, bytes } : { ...event, step }
    }
  }
}

const wrap = ({ stage, steps, found, kept }: Stage, training: Uint8Array): Uint8Array =>
  pack({ stage, steps, found }, kept ? { training, kept } : { training })
