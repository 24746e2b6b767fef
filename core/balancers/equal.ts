import { balancer } from './balancer.ts'
import { filled } from './gram.ts'

/** Every task counts the same, all the way (linear scalarisation; Kurin et al. 2022 and Xin et al. 2022 on how good it is). */
export const equal = balancer({
  id: 'equal',
  name: 'Equal',
  about: 'Every task counts the same. Hard to beat when the network is tuned; start here.',
  formula: 'w_t = 1',
  cite: 'Kurin et al. 2022, In defense of the unitary scalarization for deep multi-task learning',
  group: 'common',
  needs: 'nothing',
  update: (state, { losses }) => ({ weights: filled(losses.length, 1), state }),
})
