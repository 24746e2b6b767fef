import { zipSync, strToU8 } from 'fflate'

/** The good files of the corpus and what must be read from them. `node test/corpus/make.ts` writes them to good/. */
export type Expected = {
  rows: number
  /** "name:kind", kind shortened to n(umber), c(ategory) or t(ext); ":m" and a number where cells are missing. */
  columns: string[]
  /** [row, column name, value] */
  cells: [number, string, number | string | null][]
  read?: Record<string, string | number>
  suggestedTargets?: string[]
}
export type CorpusFile = { files: [name: string, bytes: Uint8Array][]; expect: Expected }

const utf8 = (text: string) => strToU8(text)
const utf16 = (text: string, big: boolean, mark: boolean) => {
  const bytes = Buffer.from((mark ? '\ufeff' : '') + text, 'utf16le')
  return new Uint8Array(big ? bytes.swap16() : bytes)
}
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

/** Two-byte GB18030 by asking the decoder what every pair means. */
function gb18030(text: string): Uint8Array {
  const decoder = new TextDecoder('gb18030')
  const pairs = new Map<string, [number, number]>()
  for (let a = 0x81; a <= 0xfe; a++)
    for (let b = 0x40; b <= 0xfe; b++) if (b !== 0x7f) pairs.set(decoder.decode(Uint8Array.of(a, b)), [a, b])
  return Uint8Array.from([...text].flatMap((c) => (c.charCodeAt(0) < 0x80 ? [c.charCodeAt(0)] : (pairs.get(c) as number[]))))
}

/** 24 rows of a field trial: the same figures in every encoding and dialect. */
const plots = Array.from({ length: 24 }, (_, i) => ({
  site: ['North', 'South', 'West'][i % 3],
  rain: 300 + ((i * 37) % 90),
  soil: (5 + ((i * 7) % 25) / 10).toFixed(1),
  yield: i === 4 ? '' : (20 + ((i * 13) % 40) / 4).toFixed(2),
}))
const csv = (delimiter: string, names: string[], sites = ['North', 'South', 'West'], decimal = '.', end = '\n') =>
  [
    names.join(delimiter),
    ...plots.map((p, i) =>
      [sites[i % 3], p.rain, p.soil.replace('.', decimal), p.yield.replace('.', decimal)].join(delimiter),
    ),
  ].join(end) + end
const names = ['site', 'rain', 'soil', 'yield']
const plotColumns = (list: string[]) => [`${list[0]}:c`, `${list[1]}:n`, `${list[2]}:n`, `${list[3]}:n:m1`]
const plotCells = (list: string[], sites: string[]): Expected['cells'] => [
  [0, list[0], sites[0]],
  [1, list[1], 337],
  [1, list[2], 5.7],
  [1, list[3], 23.25],
  [4, list[3], null],
  [23, list[0], sites[2]],
]
const plot = (list = names, sites = ['North', 'South', 'West'], read?: Expected['read']): Expected => ({
  rows: 24,
  columns: plotColumns(list),
  cells: plotCells(list, sites),
  read,
})

const german = ['Fläche', 'Regenhöhe', 'Säure', 'Ertrag in dt/ha']
const germanSites = ['Nördlich', 'Süd', 'Küste']
const chinese = ['地点', '降雨量', '酸碱度', '产量']
const chineseSites = ['北京', '上海', '广州']

function sheet(rows: (string | number | null)[][], merges: string[] = [], firstRow = 1): string {
  const letter = (c: number) => String.fromCharCode(65 + c)
  const body = rows
    .map((cells, r) => {
      const at = r + firstRow
      const inside = cells
        .map((cell, c) => {
          const ref = `${letter(c)}${at}`
          if (cell === null) return ''
          if (typeof cell === 'number') return `<c r="${ref}"><v>${cell}</v></c>`
          if (cell.startsWith('#')) return `<c r="${ref}" t="e"><v>${cell}</v></c>`
          return `<c r="${ref}" t="inlineStr"><is><t>${cell.replaceAll('&', '&amp;')}</t></is></c>`
        })
        .join('')
      return inside ? `<row r="${at}">${inside}</row>` : ''
    })
    .join('')
  const merged = merges.length
    ? `<mergeCells count="${merges.length}">${merges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`
    : ''
  return `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${body}</sheetData>${merged}</worksheet>`
}

export function workbook(sheets: [name: string, xml: string][], strings?: string): Uint8Array {
  const parts: Record<string, Uint8Array> = {
    '[Content_Types].xml': utf8(
      '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    ),
    'xl/workbook.xml': utf8(
      `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>${sheets
        .map(([name], i) => `<sheet name="${name}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`)
        .join('')}</sheets></workbook>`,
    ),
    'xl/_rels/workbook.xml.rels': utf8(
      `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${sheets
        .map((_, i) => `<Relationship Id="rId${i + 1}" Type="worksheet" Target="worksheets/sheet${i + 1}.xml"/>`)
        .join('')}</Relationships>`,
    ),
    ...(strings ? { 'xl/sharedStrings.xml': utf8(strings) } : {}),
  }
  sheets.forEach(([, xml], i) => (parts[`xl/worksheets/sheet${i + 1}.xml`] = utf8(xml)))
  return zipSync(parts, { level: 6, mtime: new Date(2020, 0, 1) })
}

const plotRows = plots.map((p, i): (string | number | null)[] => [
  ['North', 'South', 'West'][i % 3],
  p.rain,
  Number(p.soil),
  p.yield === '' ? null : Number(p.yield),
])

const arffHead = (relation: string, attributes: string[]) =>
  `% made for the corpus\n@relation ${relation}\n\n${attributes.map((a) => `@attribute ${a}`).join('\n')}\n\n@data\n`

export const good: CorpusFile[] = [
  { files: [['comma.csv', utf8(csv(',', names))]], expect: plot(names, undefined, { encoding: 'utf-8', delimiter: ',' }) },
  {
    files: [['bom-crlf.csv', utf8('\ufeff' + csv(',', names, undefined, '.', '\r\n'))]],
    expect: plot(names, undefined, { encoding: 'utf-8' }),
  },
  {
    files: [['decimal-comma-latin1.csv', latin1(csv(';', german, germanSites, ','))]],
    expect: plot(german, germanSites, { encoding: 'latin1', delimiter: ';', decimal: ',' }),
  },
  {
    files: [['unicode-text-utf16le.txt', utf16(csv('\t', german, germanSites, ',', '\r\n'), false, true)]],
    expect: plot(german, germanSites, { encoding: 'utf-16le', delimiter: '\t', decimal: ',' }),
  },
  {
    files: [['utf16be-unmarked.csv', utf16(csv(',', names), true, false)]],
    expect: plot(names, undefined, { encoding: 'utf-16be' }),
  },
  {
    files: [['田间试验-gb18030.csv', gb18030(csv(',', chinese, chineseSites))]],
    expect: plot(chinese, chineseSites, { encoding: 'gb18030', delimiter: ',' }),
  },
  { files: [['中文 [1].csv', utf8(csv(',', chinese, chineseSites))]], expect: plot(chinese, chineseSites) },
  {
    files: [
      [
        'pipe-quoted.txt',
        utf8(
          `"site"|"rain"|"the|soil"|"yield\nin t"\n` +
            plots
              .map((p, i) => `"${['North ""hill""', 'South|river', 'West\ncoast'][i % 3]}"|${p.rain}|${p.soil}|${p.yield}`)
              .join('\n'),
        ),
      ],
    ],
    expect: {
      ...plot(['site', 'rain', 'the|soil', 'yield in t'], ['North "hill"', 'South|river', 'West\ncoast'], {
        delimiter: '|',
      }),
    },
  },
  {
    files: [['blanks.dat', utf8(plots.map((p) => `  ${p.rain}   ${p.soil}\t${p.yield || 'NA'}  `).join('\n') + '\n')]],
    expect: {
      rows: 24,
      columns: ['c1:n', 'c2:n', 'c3:n:m1'],
      cells: [
        [1, 'c1', 337],
        [4, 'c3', null],
      ],
      read: { delimiter: 'spaces', headerRows: 0 },
    },
  },
  {
    files: [['titles.csv', utf8(`Field trial 2019\nwritten by hand, twice\n\n${csv(',', names)}`)]],
    expect: plot(names, undefined, { skipRows: 3, headerRows: 1 }),
  },
  {
    files: [['row-names.csv', utf8(`rain,soil\n${plots.map((p, i) => `plot${i},${p.rain},${p.soil}`).join('\n')}`)]],
    expect: { rows: 24, columns: ['row:t', 'rain:n', 'soil:n'], cells: [[1, 'row', 'plot1']] },
  },
  {
    files: [['mixed-line-ends.csv', utf8(csv(',', names).replace(/\n/g, (_, i: number) => (i % 2 ? '\r\n' : '\n')))]],
    expect: plot(),
  },
  {
    files: [['no-header.csv', utf8(plots.map((p) => `${p.rain},${p.soil},${p.yield}`).join('\n'))]],
    expect: { rows: 24, columns: ['c1:n', 'c2:n', 'c3:n:m1'], cells: [[0, 'c1', 300]], read: { headerRows: 0 } },
  },
  {
    files: [['missing-marks.csv', utf8('a,b,c\n1,NA,x\n2,?,N/A\nNaN,3,y\n4, null ,x\n5,6,""\n7,8,y\n')]],
    expect: {
      rows: 6,
      columns: ['a:n:m1', 'b:n:m3', 'c:c:m2'],
      cells: [
        [2, 'a', null],
        [2, 'b', 3],
        [1, 'c', null],
        [4, 'c', null],
      ],
    },
  },
  {
    files: [
      [
        'dense.arff',
        utf8(
          arffHead("'field trial'", [
            "'the site' {North, 'South side', West}",
            'rain NUMERIC',
            '"soil, acid" real',
            'note string',
            'yield numeric',
          ]) +
            plots
              .map(
                (p, i) =>
                  `${['North', "'South side'", 'West'][i % 3]}, ${p.rain},${p.soil}, 'it\\'s ${i % 2 ? 'wet' : 'dry'}',${p.yield || '?'}`,
              )
              .join('\n'),
        ),
      ],
    ],
    expect: {
      rows: 24,
      columns: ['the site:c', 'rain:n', 'soil, acid:n', 'note:c', 'yield:n:m1'],
      cells: [
        [1, 'the site', 'South side'],
        [0, 'note', "it's dry"],
        [4, 'yield', null],
        [1, 'soil, acid', 5.7],
      ],
    },
  },
  {
    files: [
      [
        'sparse.arff',
        utf8(
          arffHead('sparse', ['a numeric', 'b {no,yes}', 'c numeric', 'y numeric']) +
            plots.map((p, i) => `{${i % 2 ? `0 ${p.rain}, ` : ''}${i % 3 ? '' : '1 yes, '}3 ${p.yield || '?'}}`).join('\n'),
        ),
      ],
    ],
    expect: {
      rows: 24,
      columns: ['a:n', 'b:c', 'c:n', 'y:n:m1'],
      cells: [
        [0, 'a', 0],
        [1, 'a', 337],
        [0, 'b', 'yes'],
        [1, 'b', 'no'],
        [4, 'y', null],
        [1, 'c', 0],
      ],
    },
  },
  {
    files: [
      [
        'mulan.arff',
        utf8(
          arffHead('mulan', ['rain numeric', 'soil numeric', 'oats numeric', 'rye numeric']) +
            plots.map((p, i) => `${p.rain},${p.soil},${p.yield || '?'},${(i * 5) % 11}`).join('\n'),
        ),
      ],
      [
        'mulan.xml',
        utf8(
          '<?xml version="1.0" ?>\n<labels xmlns="http://mulan.sourceforge.net/labels">\n<label name="oats"></label>\n<label name="rye"/>\n</labels>\n',
        ),
      ],
    ],
    expect: {
      rows: 24,
      columns: ['rain:n', 'soil:n', 'oats:n:m1', 'rye:n'],
      cells: [[1, 'rye', 5]],
      suggestedTargets: ['oats', 'rye'],
    },
  },
  {
    files: [
      [
        'plain.xlsx',
        workbook(
          [
            ['Plots', sheet([names, ...plotRows]).replaceAll('inlineStr"><is><t>North</t></is>', 's"><v>1</v>')],
            ['Notes', sheet([['nothing'], ['here']])],
          ],
          '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>unused</t></si><si><r><t>Nor</t></r><r><t>th</t></r><rPh><t>loud</t></rPh></si></sst>',
        ),
      ],
    ],
    expect: plot(names, undefined, { sheet: 'Plots', skipRows: 0, headerRows: 1 }),
  },
  {
    files: [
      [
        'titles-merged.xlsx',
        workbook([
          [
            '试验',
            sheet(
              [
                ['Field trial & notes', null, null, null, null],
                [],
                ['site', '2019', null, '2020', null],
                [null, 'rain', 'yield', 'rain', 'yield'],
                ...plotRows.map((r): (string | number | null)[] => [r[0], r[1], r[3] ?? '#N/A', Number(r[1]) + 1, 2 * Number(r[2])]),
              ],
              ['A1:E1', 'A3:A4', 'B3:C3', 'D3:E3'],
            ),
          ],
        ]),
      ],
    ],
    expect: {
      rows: 24,
      columns: ['site:c', '2019 rain:n', '2019 yield:n:m1', '2020 rain:n', '2020 yield:n'],
      cells: [
        [1, '2019 rain', 337],
        [1, '2020 rain', 338],
        [4, '2019 yield', null],
      ],
      read: { skipRows: 2, headerRows: 2, sheet: '试验' },
    },
  },
]
