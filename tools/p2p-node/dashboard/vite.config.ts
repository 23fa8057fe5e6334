import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** What uPlot hangs onto its one function, where no bundler sees that the page uses none of it: 3 kB. */
const kUnused = [
  ...['join', 'fmtNum', 'rangeNum', 'rangeLog', 'rangeAsinh', 'orient', 'fmtDate', 'tzDate', 'addGap', 'clipGaps'].map((name) => `uPlot.${name}`),
  ...['stepped', 'bars', 'spline'].map((name) => `paths.${name}`),
];

function leanPlot(): Plugin {
  return {
    name: 'lean-plot',
    transform(code, id) {
      if (!id.endsWith('/uPlot.esm.js')) return undefined;
      let lean = code;
      for (const name of kUnused) {
        const line = new RegExp(`^\\s*\\(?${name} *= *\\w+\\)?;$`, 'm');
        if (!line.test(lean)) throw new Error(`uPlot has no ${name} to leave out`);
        lean = lean.replace(line, '');
      }
      return { code: lean, map: null };
    },
  };
}

export default defineConfig({
  // The page is at PREFIX/dashboard, where PREFIX may be a secret of the loopback proxy: all addresses are relative to it.
  base: './',
  plugins: [leanPlot()],
  build: {
    assetsDir: 'dashboard/assets',
    target: 'es2021',
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // A phone loads it: terser takes a twentieth less than esbuild.
    minify: 'terser',
    terserOptions: { ecma: 2020, module: true, compress: { passes: 3 } },
  },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
