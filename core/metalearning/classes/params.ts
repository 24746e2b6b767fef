import { z } from 'zod'
import type { TaskGenerator } from '../../data/generator.ts'
import { UserError } from '../../errors.ts'
import type { Can } from '../../method.ts'
import type { Body } from './body.ts'

/** The network that few-shot classifiers share, as a person chooses it. */
export const BodyParams = {
  network: z
    .enum(['mlp', 'conv'])
    .default('mlp')
    .describe('Layers of units on all inputs, or blocks of filters that run over an image.'),
  hidden: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(6)
    .default([64, 64])
    .describe('Units of each layer (filters of each block), from the inputs on.'),
}

export const fewShotCan: Can = {
  taskColumn: true,
  needsTaskColumn: true,
  manyTargets: false,
  missingTargets: true,
  kinds: ['binary', 'multiclass'],
  newTask: false,
  adapt: true,
  onnx: false,
  resume: false,
  network: false,
}

export const SavedBody = z.object({
  input: z.array(z.int().min(1).max(100_000)).min(1).max(3),
  kind: z.enum(['mlp', 'conv']),
  layers: z.array(z.int().min(1).max(1024)).min(1).max(6),
})

export function bodyOf(
  { network, hidden }: { network: 'mlp' | 'conv'; hidden: number[] },
  source: TaskGenerator,
): Body {
  if (network === 'mlp') return { input: [source.features.length], kind: 'mlp', layers: hidden }
  const { input } = source
  const most = input?.length === 3 ? Math.floor(Math.log2(Math.min(input[0], input[1]))) : 0
  if (!input || hidden.length > most)
    throw new UserError({
      code: 'classes.no-image',
      who: 'network "conv"',
      rule: 'Blocks of filters need images, whose sides each block halves.',
      got: most ? `${hidden.length} blocks on images of ${input?.slice(0, 2).join(' x ')}` : 'rows without images',
      remedy: most ? `Choose ${most} blocks at most.` : 'Choose network "mlp".',
    })
  return { input, kind: 'conv', layers: hidden }
}
