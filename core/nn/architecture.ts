import type { Architecture } from './blocks.ts'
import { deepHeads } from './architectures/deepHeads.ts'
import { perceptron } from './architectures/perceptron.ts'
import type { Plan } from './plan.ts'

export { sizeOf } from './blocks.ts'
export type { Architecture, Block, Probe } from './blocks.ts'

/** From a plan: its parameter blocks, forward pass, penalty and view. */
export function architectureOf(plan: Plan): Architecture {
  const { design } = plan
  switch (design?.kind) {
    case undefined:
      return perceptron(plan)
    case 'deep-heads':
      return deepHeads(plan, design.headHidden)
  }
}
