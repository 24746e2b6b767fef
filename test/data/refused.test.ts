import { deflateRawSync } from 'node:zlib'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { zipSync, strToU8 } from 'fflate'
import { UserError, type UserErrorJson } from '../../core/errors.ts'
import { duck } from '../../electron/lab/importers/duck.ts'
import { openFiles } from '../../electron/lab/importers/open.ts'
import { workbook } from '../corpus/files.ts'

const folder = mkdtempSync(join(tmpdir(), 'engram-bad-'))
afterAll(() => rmSync(folder, { recursive: true }))

function put(name: string, content: string | Uint8Array) {
  const path = join(folder, name)
  writeFileSync(path, content)
  return { path, name }
}

async function refusal(name: string, content: string | Uint8Array, read = {}): Promise<UserErrorJson> {
  const answer = openFiles([put(name, content)], read)
  const error = await answer.then(
    ({ table }) => `read ${table.rows} rows of ${table.columns.map((c) => c.name).join(', ')}`,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(UserError)
  return (error as UserError).json
}

test('empty file', async () => {
  expect(await refusal('empty.csv', '')).toEqual({
    code: 'import.empty',
    who: 'empty.csv',
    rule: 'A file must hold a table.',
    got: 'an empty file (0 bytes)',
    remedy: 'Save the table again and check its size.',
  })
  expect(await refusal('blank.csv', ' \n\n')).toMatchObject({ code: 'import.empty', got: 'blank lines only' })
})

test('binary files are named for what they are', async () => {
  const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 31) % 256)
  expect(await refusal('noise.csv', noise)).toEqual({
    code: 'import.binary',
    who: 'noise.csv',
    rule: 'The file must be text (CSV, TSV, ARFF) or an XLSX workbook.',
    got: 'binary content (bytes of value zero)',
    remedy: 'Export the table as CSV and open that file.',
  })
  const old = Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...new Uint8Array(600))
  expect(await refusal('old.xls', old)).toMatchObject({ code: 'import.binary', got: 'an old Excel file (.xls)' })
  expect(await refusal('page.csv', '<!DOCTYPE html><html></html>')).toMatchObject({ got: 'a web page or XML' })
  expect(await refusal('data.zip', zipSync({ 'a.csv': strToU8('a,b\n1,2\n') }))).toMatchObject({
    code: 'import.binary',
    got: 'a zip archive that is no workbook',
  })
})

test('a file that is not there', async () => {
  const path = join(folder, 'nowhere.csv')
  await expect(openFiles([{ path, name: 'nowhere.csv' }])).rejects.toMatchObject({
    json: { code: 'import.not-found', who: 'nowhere.csv' },
  })
})

test('truncated ARFF: in the header, in a row, in quotes', async () => {
  const head = '@relation r\n@attribute a numeric\n@attribute b {x,y}\n'
  expect(await refusal('header.arff', head)).toEqual({
    code: 'import.arff-header',
    who: 'header.arff, line 3',
    rule: 'An ARFF file has @relation, one "@attribute name type" per column (numeric, {classes}, string or date), then @data.',
    got: 'the end of the file before @data',
    remedy: 'Check that the file is whole, or export it again.',
  })
  expect(await refusal('class.arff', '@relation r\n@attribute b {x,')).toMatchObject({ code: 'import.arff-header' })
  expect(await refusal('row.arff', `${head}@data\n1,x\n2,y\n3`)).toEqual({
    code: 'import.ragged',
    who: 'row.arff, line 7',
    rule: 'Every row must have 2 cells, one for each @attribute.',
    got: '1 cells',
    remedy: 'Mend that line; if it is the last one, the file was cut off: export it again.',
  })
  expect(await refusal('sparse.arff', `${head}@data\n{0 1, 1 y}\n{0 2, 1`)).toMatchObject({
    code: 'import.ragged',
    got: 'a row that is cut off inside quotes or braces',
  })
  expect(await refusal('none.arff', `${head}@data\n`)).toMatchObject({ code: 'import.no-rows' })
})

test('ARFF values that break their declaration', async () => {
  const head = '@relation r\n@attribute a numeric\n@attribute b {x,y}\n@data\n'
  expect(await refusal('level.arff', `${head}1,z\n`)).toEqual({
    code: 'import.arff-level',
    who: 'level.arff, line 5, column "b"',
    rule: 'A value must be one of the 2 that the file declares.',
    got: '"z"',
    remedy: 'Add it to the @attribute line, or mend the row.',
  })
  expect(await refusal('number.arff', `${head}tall,x\n`)).toMatchObject({ code: 'import.arff-number', got: '"tall"' })
})

test('ragged rows name their line', async () => {
  const rows = Array.from({ length: 50 }, (_, i) => `${i},${i * 2},${i * 3}`)
  rows[30] = '30,60'
  expect(await refusal('short.csv', `a,b,c\n${rows.join('\n')}\n`)).toEqual({
    code: 'import.ragged',
    who: 'short.csv, line 32',
    rule: 'Every row must have 3 cells, as the first ones have.',
    got: '2 cells',
    remedy: 'Mend that line, or choose another delimiter than ",".',
  })
  rows[30] = '30,60,90,120'
  expect(await refusal('long.csv', `a,b,c\n${rows.join('\n')}\n`)).toMatchObject({
    who: 'long.csv, line 32',
    got: '4 cells',
  })
  rows[30] = '30,"60,90'
  expect(await refusal('quote.csv', `a,b,c\n${rows.join('\n')}\n`)).toMatchObject({ code: 'import.quote' })
})

test('duplicate column names', async () => {
  expect(await refusal('twice.csv', 'a,b,a\n1,2,3\n')).toEqual({
    code: 'import.duplicate-names',
    who: 'twice.csv',
    rule: 'Every column must have a name of its own.',
    got: '"a" in columns 1 and 3',
    remedy: 'Rename one of them in the file, or read it with 0 header rows.',
  })
})

test('infinite numbers are refused or read as missing; NaN is missing', async () => {
  const text = 'a,b\n1,NaN\n2,5\n1e400,6\n-inf,7\n'
  expect(await refusal('inf.csv', text)).toEqual({
    code: 'import.infinite',
    who: 'inf.csv, column "a"',
    rule: 'Numbers must be finite.',
    got: '2 infinite cells',
    remedy: 'Correct the cell, or choose to read infinite numbers as missing.',
  })
  const { table } = await openFiles([put('inf2.csv', text)], { infinite: 'missing' })
  expect([...table.columns[0].valid]).toEqual([1, 1, 0, 0])
  expect([...table.columns[0].values]).toEqual([1, 2, 0, 0])
  expect([...table.columns[1].valid]).toEqual([0, 1, 1, 1])
  expect(table.columns[1].kind).toBe('number')
  expect(await refusal('inf.arff', '@relation r\n@attribute a real\n@data\n1\n-1e999\n')).toMatchObject({
    code: 'import.infinite',
    got: '"-1e999" in line 5',
  })
})

test('a wrong encoding is said, not guessed away', async () => {
  const bytes = new Uint8Array(Buffer.from('größe,b\n1,2\n', 'latin1'))
  expect(await refusal('latin.csv', bytes, { encoding: 'utf-8' })).toMatchObject({
    code: 'import.encoding',
    who: 'latin.csv',
    rule: 'Every byte must be text in utf-8.',
  })
})

test('a header without rows', async () => {
  expect(await refusal('header.csv', 'a,b,c\n')).toMatchObject({ code: 'import.no-rows', got: 'a header without rows' })
})

/** A sheet whose directory says honestly, or lies about, how far it blows up. */
function bomb(lie: boolean): Uint8Array {
  const start = Buffer.from('<?xml version="1.0"?><worksheet><sheetData>')
  const zeros = Buffer.concat([start, Buffer.alloc(64 * 2 ** 20, 0x20)])
  const whole = zipSync({ 'xl/workbook.xml': strToU8('<workbook><sheets><sheet name="s"/></sheets></workbook>') })
  const packed = deflateRawSync(zeros)
  return addEntry(whole, 'xl/worksheets/sheet1.xml', packed, lie ? 1000 : zeros.length)
}

/** Appends an entry to a zip by hand, so that its sizes can be anything. */
function addEntry(zip: Uint8Array, name: string, packed: Uint8Array, size: number): Uint8Array {
  const buffer = Buffer.from(zip)
  const end = buffer.lastIndexOf(Buffer.from('504b0506', 'hex'))
  const directoryAt = buffer.readUInt32LE(end + 16)
  const label = Buffer.from(name)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(8, 4)
  common.writeUInt32LE(packed.length, 14)
  common.writeUInt32LE(size, 18)
  common.writeUInt16LE(label.length, 22)
  const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, label, packed])
  const central = Buffer.concat([
    Buffer.from('504b01021400', 'hex'),
    common,
    Buffer.alloc(10),
    (() => {
      const at = Buffer.alloc(4)
      at.writeUInt32LE(directoryAt)
      return at
    })(),
    label,
  ])
  const tail = Buffer.from(buffer.subarray(end))
  const entries = tail.readUInt16LE(8) + 1
  tail.writeUInt16LE(entries, 8)
  tail.writeUInt16LE(entries, 10)
  const directory = Buffer.concat([buffer.subarray(directoryAt, end), central])
  tail.writeUInt32LE(directory.length, 12)
  tail.writeUInt32LE(directoryAt + local.length, 16)
  return Buffer.concat([buffer.subarray(0, directoryAt), local, directory, tail])
}

test('a zip bomb as XLSX is refused before and while it is unpacked', async () => {
  const rule = 'A file may not blow up when it is unpacked: at most 512 MB, at most 200 times its size, plain XML.'
  const remedy = 'Do not trust this file. If it is yours, save the sheet as CSV and open that.'
  expect(await refusal('bomb.xlsx', bomb(false))).toEqual({
    code: 'import.bomb',
    who: 'bomb.xlsx',
    rule,
    got: '64.0 MB packed into 0.1 MB',
    remedy,
  })
  expect(await refusal('liar.xlsx', bomb(true))).toMatchObject({
    code: 'import.bomb',
    rule,
    got: 'more than 12.5 MB out of 0.1 MB',
  })
})

test('an XML bomb as XLSX is refused', async () => {
  const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>`
  expect(await refusal('laughs.xlsx', workbook([['s', laughs]]))).toMatchObject({
    code: 'import.bomb',
    who: 'laughs.xlsx',
    got: 'a document type declaration, which can hide an XML bomb',
  })
  const deep = `<worksheet>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</worksheet>`
  expect(await refusal('deep.xlsx', workbook([['s', deep]]))).toMatchObject({
    got: 'more than 64 elements inside one another',
  })
})

test('a damaged workbook', async () => {
  const whole = workbook([['s', '<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>']])
  expect(await refusal('cut.xlsx', whole.subarray(0, whole.length / 2))).toMatchObject({
    code: 'import.damaged',
    who: 'cut.xlsx',
    rule: 'The file must be a whole zip archive.',
    got: 'a directory that cannot be read',
  })
  const broken = Uint8Array.from(whole)
  const at = Buffer.from(whole).indexOf('sheet1.xml') + 'sheet1.xml'.length
  broken.fill(255, at, at + 40)
  expect(await refusal('broken.xlsx', broken)).toMatchObject({ code: 'import.damaged' })
})

test('two tables at once', async () => {
  const files = [put('one.csv', 'a,b\n1,2\n'), put('two.csv', 'a,b\n1,2\n')]
  await expect(openFiles(files)).rejects.toMatchObject({ json: { code: 'import.one-file', got: '2 files' } })
})

test('the XML of another ARFF file', async () => {
  const files = [
    put('m.arff', '@relation r\n@attribute a real\n@attribute b real\n@data\n1,2\n'),
    put('m.xml', '<labels><label name="c"/></labels>'),
  ]
  await expect(openFiles(files)).rejects.toMatchObject({
    json: { code: 'import.mulan-labels', who: 'm.xml', got: '"c", which is no column of the ARFF file' },
  })
})

test('a decimal far down the file makes the column decimal; a word makes it words', async () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i},${i % 7}`)
  lines[55_000] = '3.7,x'
  const { table, warnings } = await openFiles([put('late.csv', `a,b\n${lines.join('\n')}\n`)])
  expect(table.columns[0].kind).toBe('number')
  expect(table.columns[0].values[55_000]).toBe(3.7)
  expect(table.columns[1].kind).toBe('category')
  expect(warnings).toEqual([
    {
      code: 'nearly-numbers',
      text: '1 of 60000 values of "b" are not numbers, so it is read as words.',
      column: 'b',
      params: { words: 1, values: 60_000 },
    },
  ])
})

test('an import that is cancelled stops and leaves nothing behind', async () => {
  const controller = new AbortController()
  const file = put('cancel.csv', `a,b\n${'1,2\n'.repeat(2_000_000)}`)
  const answer = openFiles(
    [file],
    {},
    ({ done }) => done > 0.02 && controller.abort(new Error('stopped')),
    controller.signal,
  )
  await expect(answer).rejects.toThrow('stopped')
})

test('the locked database reads the one given file and nothing else', async () => {
  const given = put('given.csv', 'a,b\n1,2\n')
  const other = put('other.csv', 'a,b\n3,4\n')
  const connection = await duck(given.path)
  const read = (path: string) => connection.run(`SELECT * FROM read_csv('${path}', header=true)`)
  expect(await (await read(given.path)).getRowsJson()).toEqual([['1', '2']])
  await expect(read(other.path)).rejects.toThrow(/disabled by configuration/)
  await expect(read(join(folder, '*.csv'))).rejects.toThrow(/disabled by configuration/)
  for (const sql of [
    `COPY (SELECT 1) TO '${join(folder, 'out.csv')}'`,
    `ATTACH '${join(folder, 'new.db')}'`,
    'INSTALL httpfs',
    'SET enable_external_access=true',
    `SET memory_limit='100GiB'`,
  ])
    await expect(connection.run(sql), sql).rejects.toThrow(/disabled|locked|Cannot/i)
  connection.closeSync()
})
