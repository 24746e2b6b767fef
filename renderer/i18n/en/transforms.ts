/** Scales on which targets are learned. */
export default {
  'transform.title': 'Scale of the targets',
  'transform.each': 'Target by target',
  'transform.of': 'Scale of {name}',
  'transform.none': 'As it is',
  'transform.mixed': 'Different ones',
  'transform.log': 'Logarithm',
  'transform.box-cox': 'Box-Cox',
  'transform.rank': 'Ranks',
  'transform.log.hint': 'For numbers above 0 whose errors grow with their size.',
  'transform.box-cox.hint':
    'The power that makes the training values most like a bell curve, found on each training fold.',
  'transform.rank.hint': 'Only the order counts (normal scores): for outliers and any shape.',
  'transform.note.none': 'Methods learn targets in their own unit.',
  'transform.note':
    'Fitted on each training fold alone. Predictions and figures are in the own unit; they aim at the median rather than the mean.',
  'transform.positive': 'Logarithm and Box-Cox take numbers above 0 only.',
} as const
