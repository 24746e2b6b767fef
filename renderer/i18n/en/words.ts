/**
 * Words for what comes from elsewhere by name: parameters, methods, metrics, samples. English texts of methods and
 * their parameters come with them; what stands here is what a person reads instead.
 */
export default {
  'param.seed': 'Seed',
  'param.seeds': 'Training seeds',
  'param.seeds.hint': 'How often each fold is trained anew.',
  'param.configurations': 'Configurations',
  'param.configurations.hint': 'Tried by every method on each fold, yours among them.',
  'param.innerFolds': 'Inner folds',
  'param.innerFolds.hint': 'Shares of the training rows.',
  'param.folds': 'Folds',
  'param.folds.hint': 'Shares of the rows.',
  'param.repeats': 'Repeats',
  'param.repeats.hint': 'More repeats narrow the intervals.',
  'param.seed.hint': 'The same seed gives the same results.',
  'param.testFraction': 'Share that is tested',
  'param.testFraction.hint': 'Of the rows, or of the tasks.',
  'param.innerFraction': 'Share kept for early stopping',
  'param.innerFraction.hint': 'Of the training rows.',
  'param.shots': 'Shots',
  'param.shotCurve': 'Curve',
  'param.shotCurve.hint': 'Rows at which it is tested besides, such as 1, 2, 5, 10, 20.',
  'param.shots.hint': 'Labelled rows given of each new task.',
  'param.ways': 'Ways',
  'param.ways.hint': 'Classes in an episode; for classes only.',
  'param.queries': 'Query rows',
  'param.queries.hint': 'Tested of each new task.',
  'param.episodes': 'Episodes',
  'param.episodes.hint': 'For made-up tasks only.',
  'family.baseline': 'Baselines',
  'family.classical': 'Classical',
  'family.multitask': 'Learning tasks together',
  'family.metalearning': 'Learning to learn',
  'warning.error-cells':
    '{cells} {cells:cell holds|cells hold} an error such as #N/A and {cells:is|are} read as missing.',
} as const
