import { readFile } from 'node:fs/promises'
import { UserError } from '../../../core/errors.ts'
import type { Source } from './format.ts'
import { refuseBomb, xmlReader } from './xml.ts'

/** Mulan's XML beside an ARFF file: `<labels><label name="Y1"/>...</labels>` names the targets. */
export async function mulanLabels(file: Source, columns: string[]): Promise<string[]> {
  if (file.size > 16 * 2 ** 20) refuseBomb(file.name, `${file.size} bytes of label names`)
  const names: string[] = []
  let labels = false
  const reader = xmlReader(file.name, {
    open(name, attributes) {
      if (name === 'labels') labels = true
      if (name === 'label' && attributes.name !== undefined) names.push(attributes.name)
    },
  })
  reader.feed(await readFile(file.path, 'utf8'))
  reader.end()
  const refuse = (got: string): never => {
    throw new UserError({
      code: 'import.mulan-labels',
      who: file.name,
      rule: 'The XML beside an ARFF file names its targets: <labels><label name="..."/></labels>.',
      got,
      remedy: 'Open the XML that belongs to this ARFF file, or the ARFF file alone.',
    })
  }
  if (!labels || !names.length) refuse('XML without labels')
  for (const name of names) if (!columns.includes(name)) refuse(`"${name}", which is no column of the ARFF file`)
  return names
}
