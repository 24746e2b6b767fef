import type { TemplateFile } from './template.ts'

/** Published data sets that templates are about: file, rows, content hash, and where each comes from. */
const mulan = (file: string, rows: number, hash: string): TemplateFile => ({
  file,
  rows,
  hash,
  source:
    'Mulan, data/multi-target of github.com/tsoumakas/mulan; Spyromitros-Xioufis, Tsoumakas, Groves and Vlahavas, Machine Learning 104, 2016',
})

export const files = {
  school: {
    file: 'school.csv',
    rows: 15_362,
    hash: '6e46e43147ee0c3b04317014ddf8ac790edcacb7c44a32e3da365314c9eff21c',
    source:
      'School of github.com/jiayuzhou/MALSAR, written as CSV with the columns school, x1 to x28 and score; Bakker and Heskes, JMLR 2003',
  },
  sarcos: {
    file: 'sarcos_inv_test.csv',
    rows: 4449,
    hash: 'a2ae553b1fcbc82bb25d0aad162e8296d7c0336183ab58855a5be414539b25bb',
    source:
      'gaussianprocess.org/gpml/data, sarcos_inv_test written as CSV with the columns q1-7, qd1-7, qdd1-7 and tau1-7; Vijayakumar and Schaal 2000',
  },
  landmine: {
    file: 'landmine.csv',
    rows: 14_820,
    hash: '7b987abd3369d701bc46a8966ccfa7f71649bff88214701e4eb1095dfe72fca0',
    source:
      'LandmineData.mat written as CSV with the columns task, x1 to x9 and mine; Xue, Liao, Carin and Krishnapuram, JMLR 8, 2007',
  },
  sleepstudy: {
    file: 'sleepstudy.csv',
    rows: 180,
    hash: 'edc589ab104877344789986939ee4579e9a4755dbbc42e08357dd9b91df44260',
    source: 'Rdatasets, csv/lme4/sleepstudy.csv; Belenky et al. 2003, Bates et al. 2015',
  },
  parkinsons: {
    file: 'parkinsons_updrs.data',
    rows: 5875,
    hash: '163a88877f208146501d05284a2a40058f273b0aa085e8f909a2054058de61b0',
    source: 'UCI Machine Learning Repository 189; Tsanas, Little, McSharry and Ramig, IEEE TBME 57, 2010',
  },
  omniglot: {
    file: 'omniglot28.npz',
    rows: 32_460,
    hash: '1e72d64b0447d6c4938489d8bc6ab190d95c34d16fe1da54b860840ed44e854a',
    source:
      'github.com/brendenlake/omniglot, its 1,623 characters by 20 drawers reduced to 28 x 28 pixels, as arrays images, character, alphabet and evaluation; Lake, Salakhutdinov and Tenenbaum, Science 350, 2015',
  },
  linnerud: {
    file: 'linnerud.csv',
    rows: 20,
    hash: 'acf9f5869fd79aae5b675309773be21b9906690849bae4a0964d5d76c594b5d5',
    source: 'scikit-learn, load_linnerud, written as CSV; Tenenhaus 1998',
  },
  enb: mulan('enb.arff', 768, 'df00d28ace72098d5eaff74bdafb1dc8987d5c728740089d0a92c6a8b8dbb47b'),
  slump: mulan('slump.arff', 103, '15463bafaa35bc72a71d79bebd383dcaa1fd54c5d6b10491ec38af35ef9837d6'),
  edm: mulan('edm.arff', 154, '8513dad540090965427f6aada86ed7f4b39a5bf78b7c356fecc7ccf7e820d975'),
  andro: mulan('andro.arff', 49, 'f18fb875096a13dcd186648822bc5faaaee3a084c93f64006bbd0aeb019f7e9e'),
  wq: mulan('wq.arff', 1060, 'a6e9d976352717dab87ec80c3ac00ac223513014f95287203d1e7063f3f2da05'),
  sf1: mulan('sf1.arff', 323, '705b08afd5f764e25967e87ccff636eef400cd5f09bff289b917f63f68f0add0'),
  atp1d: mulan('atp1d.arff', 337, '171b40fa1a4efc5d4649de0bbc40f40a3a6dd2128165440f8349c3787f51b608'),
  atp7d: mulan('atp7d.arff', 296, '5e374c167e9d8cad19061bcfcbdc6531c2b254aa7eccdb7156c22d3851caa771'),
  oes97: mulan('oes97.arff', 334, 'b825721cb9f2930d736f7d3b8c0c627b99d1675c77f4f2b36d8a497852cce34b'),
} as const satisfies Record<string, TemplateFile>
