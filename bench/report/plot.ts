import { peerPackage } from '../engines/peer-package.ts';
import { works } from '../works/works.ts';
import type { ResultRow, Results } from './results.ts';

/** What is used of the chart library. */
interface ECharts {
  init(
    dom: null,
    theme: null,
    options: { readonly renderer: 'svg'; readonly ssr: true; readonly width: number; readonly height: number },
  ): { setOption(option: object): void; renderToSVGString(): string; dispose(): void };
}

/** Of the settings of Millrace one on each store; the tables have the others. */
const compared = [
  'loop',
  'duckdb',
  'flink/heap',
  'flink/rocksdb',
  'millrace/memory/plain/2000',
  'millrace/dynamodb/plain/2000',
];
const colors = ['#8a8f98', '#e0b400', '#e2725b', '#a3412f', '#5aa9a4', '#1f6f8b'];

const width = 1_100;
const height = 960;
const font = 'Arial, Helvetica, sans-serif';
/** Where the bars of the logarithmic chart begin. */
const leastUsd = 0.0001;

/** Two bar charts, one above the other, as SVG: CPU for each event at each work, and dollars for what the first work stores. */
export const renderPlot = ({ rows, machine }: Results): string | undefined => {
  const chart = peerPackage<ECharts>('echarts').init(null, null, { renderer: 'svg', ssr: true, width, height });
  const shown = compared.filter((engine) => rows.some((row) => row.engine === engine));
  const present = works.filter(({ id }) => rows.some((row) => row.work === id));
  // State in memory is billed as on the engine: the same bars again.
  const stores = rows.filter(
    ({ work, engine, usdPerMillion }) =>
      work === 'tumbling' && usdPerMillion !== null && !/^millrace\/memory\/\w+\/\d+$/.test(engine),
  );
  const microsOf = (work: string, engine: string) =>
    rows.find((row) => row.work === work && row.engine === engine)?.cpuMicrosPerEvent ?? null;
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: font },
    title: [
      title('CPU for each event, microseconds (less is better)', 16),
      title('Dollars for what is stored for a million events, count in 10 s (less is better, logarithmic)', 500),
    ],
    legend: { top: 44, left: 60, data: shown, itemWidth: 14, itemHeight: 10, itemGap: 28 },
    grid: [
      { left: 60, right: 40, top: 100, height: 330 },
      { left: 290, right: 90, top: 550, bottom: 60 },
    ],
    xAxis: [
      {
        type: 'category',
        gridIndex: 0,
        data: present.map(({ letter, id }) => `(${letter}) ${id}`),
        axisTick: { show: false },
      },
      {
        type: 'log',
        gridIndex: 1,
        min: leastUsd,
        startValue: leastUsd,
        axisLabel: { formatter: (value: number) => `$${value}` },
      },
    ],
    yAxis: [
      { type: 'value', gridIndex: 0, name: 'µs' },
      {
        type: 'category',
        gridIndex: 1,
        inverse: true,
        data: stores.map(({ engine }) => engine),
        axisTick: { show: false },
      },
    ],
    series: [
      ...shown.map((engine, i) => ({
        name: engine,
        type: 'bar',
        data: present.map(({ id }) => microsOf(id, engine)),
        itemStyle: { color: colors[compared.indexOf(engine)] ?? colors[i] },
        label: label('top', ({ value }) => (value === null ? '' : value.toFixed(1)), 9),
      })),
      {
        type: 'bar',
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: stores.map(storeBar),
        label: label('right', ({ value }) => `$${value}`, 11),
      },
    ],
    graphic: [
      {
        type: 'text',
        left: 20,
        bottom: 16,
        style: {
          text: `${machine.processor}, ${machine.cores} cores, Node ${machine.node}`,
          fontSize: 11,
          fill: '#666',
          fontFamily: font,
        },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
};

const title = (text: string, top: number) => ({
  text,
  left: 20,
  top,
  textStyle: { fontSize: 15, fontWeight: 'bold', fontFamily: font },
});

const label = (position: string, formatter: (bar: { readonly value: number | null }) => string, fontSize: number) => ({
  show: true,
  position,
  fontSize,
  formatter,
});

const storeBar = ({ engine, usdPerMillion }: ResultRow) => ({
  value: usdPerMillion,
  itemStyle: { color: engine.startsWith('millrace/') ? '#1f6f8b' : '#e2725b' },
});
