import { balancer } from './balancer.ts'
import { softmax } from './gram.ts'

/** Random loss weighting (Lin et al. 2022): new weights at every step, w = softmax of normal numbers. */
export const rlw = balancer({
  id: 'rlw',
  name: 'Random loss weighting (RLW)',
  about: 'New random weights at every step: what any clever balancer should beat.',
  formula: 'w = softmax(e), e normal',
  cite: 'Lin et al. 2022, Reasonable effectiveness of random weighting',
  group: 'more',
  needs: 'losses',
  update: (state, { losses }, _, rng) => ({ weights: softmax(losses.map(() => rng.normal())), state }),
})
