import { readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'

/**
 * The files of the built page, by address. The list is made once, from the folder: an address that is not in it finds
 * nothing, so that no spelling of `..` can leave the folder.
 */
export type PageFile = { path: string; type: string; size: number }
export type PageFiles = Map<string, PageFile>

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

/** `/` is index.html. Files of a type that a page does not need (source maps among them) are left out. */
export function pageFiles(root: string): PageFiles {
  const found: PageFiles = new Map()
  const walk = (folder: string, address: string) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      const stat = statSync(path)
      if (stat.isDirectory()) walk(path, `${address}${name}/`)
      else if (TYPES[extname(name)]) found.set(address + name, { path, type: TYPES[extname(name)], size: stat.size })
    }
  }
  walk(root, '/')
  const index = found.get('/index.html')
  if (!index) throw new Error(`internal: no index.html in ${root}`)
  return found.set('/', index)
}

export function findPageFile(files: PageFiles, pathname: string): PageFile | undefined {
  try {
    return files.get(decodeURIComponent(pathname))
  } catch {
    return undefined
  }
}
