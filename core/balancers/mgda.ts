import { balancer } from './balancer.ts'
import { minNorm } from './minNorm.ts'

/** MGDA (Desideri 2012; Sener and Koltun 2018): the shortest vector in the hull of the gradients, min w' G w on the simplex. */
export const mgda = balancer({
  id: 'mgda',
  name: 'MGDA',
  about: 'The shortest mixture of the gradients: no task is ever made worse, and the slowest one sets the pace.',
  formula: 'w minimises |sum of w_t g_t|, w >= 0, sum 1',
  cite: 'Sener and Koltun 2018, Multi-task learning as multi-objective optimization',
  group: 'more',
  needs: 'gram',
  update: (state, { losses, gram }) => ({ weights: minNorm(gram, losses.length), state }),
})
