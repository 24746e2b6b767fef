import { balancer } from './balancer.ts'
import { filled } from './gram.ts'
import { shortestAbove } from './minNorm.ts'

/**
 * DualProj (Lopez-Paz and Ranzato 2017 as gradient episodic memory): the mean gradient projected onto the directions
 * that conflict with no task.  w = argmin { v' G v : v >= 1 / T }
 */
export const dualProj = balancer({
  id: 'dualproj',
  name: 'DualProj',
  about: 'The mean gradient, moved as little as needed to harm no task.',
  formula: "w = argmin { v' G v : v >= 1 / T }",
  cite: 'Lopez-Paz and Ranzato 2017, Gradient episodic memory for continual learning',
  group: 'more',
  needs: 'gram',
  update: (state, { losses, gram }) => ({
    weights: shortestAbove(gram, filled(losses.length, 1 / losses.length)),
    state,
  }),
})
