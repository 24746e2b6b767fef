import type { z } from 'zod'
import type { Balancing } from '../balancers/params.ts'
import type { Can, Method, TaskSetSummary } from '../method.ts'
import type { Design } from '../nn/design.ts'
import { sharedModel } from '../nn/newTasks.ts'
import type { PerceptronParams } from '../nn/params.ts'
import { fitPerceptron, loadPerceptron } from '../nn/perceptron.ts'
import { columnsByTarget } from '../nn/plan.ts'
import { trainingWork } from '../nn/work.ts'

/** Networks with shared parameters do all there is. */
export const SHARED_CAN: Can = {
  taskColumn: true,
  needsTaskColumn: false,
  manyTargets: true,
  missingTargets: true,
  kinds: ['regression', 'binary', 'multiclass'],
  newTask: true,
  adapt: true,
  onnx: true,
  resume: true,
  network: true,
}

/** A network of a design in which tasks have parameters of their own beside shared ones: all but the design is alike. */
export function sharedNetwork<P extends PerceptronParams & Balancing>(about: {
  id: string
  name: string
  about: string
  cite: string
  params: z.ZodType<P>
  design(p: P, tasks: number): Design
}): Method<P> {
  const { design, ...method } = about
  return {
    ...method,
    family: 'multitask',
    twins: ['single-task-mlp'],
    can: SHARED_CAN,
    work: (s: TaskSetSummary, p) => trainingWork(s, p, { stacked: false, heads: true, design: design(p, s.tasks) }),
    async *fit(context, p) {
      const net = yield* fitPerceptron(context, p, {
        stacked: false,
        columns: (outputs) => columnsByTarget(outputs, true),
        design: (outputs) => design(p, outputs.length),
      })
      return sharedModel(net, context.runtime)
    },
    load: (bytes, runtime) => sharedModel(loadPerceptron(bytes), runtime),
  }
}
