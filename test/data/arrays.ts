/** The bytes of a .npy file, as NumPy 1.x writes it. `heading` replaces what stands in it. */
export function npy(
  descr: string,
  shape: number[],
  data: ArrayBufferView,
  change: Record<string, string> = {},
): Uint8Array {
  const fields = {
    descr: `'${descr}'`,
    fortran_order: 'False',
    shape: `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`,
    ...change,
  }
  const text = `{${Object.entries(fields)
    .map(([name, value]) => `'${name}': ${value}`)
    .join(', ')}, }`
  const long = Math.ceil((text.length + 11) / 64) * 64 - 10
  const bytes = new Uint8Array(10 + long + data.byteLength)
  bytes.set([0x93, ...Buffer.from('NUMPY'), 1, 0, long & 255, long >> 8])
  bytes.set(Buffer.from(text.padEnd(long - 1) + '\n', 'latin1'), 10)
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + long)
  return bytes
}
