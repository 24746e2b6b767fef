/** One question asked both ways: rows at random, and groups kept whole. */
export default {
  'ways.caption': '{metric} of each method, both ways',
  'ways.method': 'Method',
  'ways.random': 'rows at random',
  'ways.whole': 'groups whole',
  'ways.range': '{low} to {high}',
  'ways.ask': 'Ask with rows at random too',
  'ways.ask.hint':
    'The same methods and seeds once more, with rows of one {column} on both sides of a split: it shows how much that would flatter.',
  'ways.run': 'Run both ways',
  'ways.run.hint':
    'With rows at random, and with each {column} kept whole: the same methods and seeds, shown side by side.',
} as const
