import sax from 'sax'
import { UserError } from '../../../core/errors.ts'

/**
 * XML from strangers: no document type (where entity bombs live), bounded depth. `feed` takes pieces of text, `end`
 * finishes; the handlers get local names without their namespace prefix.
 */
export type XmlHandlers = {
  open?(name: string, attributes: Record<string, string>): void
  text?(text: string): void
  close?(name: string): void
}

const MAX_DEPTH = 64

export function xmlReader(who: string, handlers: XmlHandlers) {
  const parser = sax.parser(true, { trim: false, normalize: false })
  let depth = 0
  const local = (name: string) => name.slice(name.indexOf(':') + 1)
  parser.ondoctype = () => refuseBomb(who, 'a document type declaration, which can hide an XML bomb')
  parser.onerror = (error) => {
    throw new UserError({
      code: 'import.xml',
      who,
      rule: 'It must be well-formed XML.',
      got: error.message.split('\n')[0],
      remedy: 'Save the file again in the program that made it.',
    })
  }
  parser.onopentag = ({ name, attributes }) => {
    if (++depth > MAX_DEPTH) refuseBomb(who, `more than ${MAX_DEPTH} elements inside one another`)
    const plain: Record<string, string> = {}
    for (const [key, value] of Object.entries(attributes)) plain[local(key)] = String(value)
    handlers.open?.(local(name), plain)
  }
  parser.ontext = (text) => handlers.text?.(text)
  parser.oncdata = (text) => handlers.text?.(text)
  parser.onclosetag = (name) => {
    depth--
    handlers.close?.(local(name))
  }
  return { feed: (text: string) => void parser.write(text), end: () => void parser.close() }
}

export function refuseBomb(who: string, got: string): never {
  throw new UserError({
    code: 'import.bomb',
    who,
    rule: 'A file may not blow up when it is unpacked: at most 512 MB, at most 200 times its size, plain XML.',
    got,
    remedy: 'Do not trust this file. If it is yours, save the sheet as CSV and open that.',
  })
}
