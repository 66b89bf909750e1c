import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;
type Node = InstanceType<typeof onnx.NodeProto>;

/** Newest operator set that the format definition in use (ONNX 1.10) knows; every current runtime runs it. */
const OPSET = 15;
const IR_VERSION = 8;
/** Of ONNX Runtime's own operators. */
const RUNTIME_DOMAIN = 'com.microsoft';
const RUNTIME_OPSET = 1;

/** An integer (`i`), several (`ints`), a number with a fraction (`f`), or the one value that ConstantOfShape fills with. */
type Attribute =
  { readonly i: number } | { readonly ints: readonly number[] } | { readonly f: number } | { readonly fill: number };

/** Side of a tensor; a text is a side that is known only when the network runs. */
export type Side = number | string;

/** Builds an ONNX graph node by node. Values are known by their names; the batch is always the first side. */
export class OnnxGraph {
  private readonly nodes: Node[] = [];
  private readonly initialisers: InstanceType<typeof onnx.TensorProto>[] = [];
  private readonly inputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  private readonly outputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  private readonly opsets = [{ domain: '', version: OPSET }];

  input(name: string, sides: readonly Side[]): string {
    this.inputs.push(valueInfo(name, sides));
    return name;
  }

  /** Gives a value out under a name of its own. */
  output(value: string, name: string, sides: readonly Side[]): void {
    this.node('Identity', [value], {}, name);
    this.outputs.push(valueInfo(name, sides));
  }

  /** @returns the name of the node's first output */
  node(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, name?: string): string {
    return this.nodeWithOutputs(operator, inputs, attributes, [name ?? `${operator}_${this.nodes.length}`])[0]!;
  }

  /** A node of an operator that only ONNX Runtime has. @returns the name of its output */
  runtimeNode(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    name: string,
  ): string {
    if (this.opsets.length === 1) this.opsets.push({ domain: RUNTIME_DOMAIN, version: RUNTIME_OPSET });
    this.node(operator, inputs, attributes, name);
    this.nodes.at(-1)!.domain = RUNTIME_DOMAIN;
    return name;
  }

  nodeWithOutputs(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: readonly string[],
  ): readonly string[] {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    this.nodes.push(
      onnx.NodeProto.create({ opType: operator, name: outputs[0]!, input: [...inputs], output: [...outputs], attribute }),
    );
    return outputs;
  }

  numbers(name: string, values: Float32Array, sides: readonly number[]): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const dataType = onnx.TensorProto.DataType.FLOAT;
    this.initialisers.push(onnx.TensorProto.create({ name, dataType, dims: [...sides], rawData }));
    return name;
  }

  integers(name: string, values: ArrayLike<number>): string {
    const longs = BigInt64Array.from(Array.from(values, BigInt));
    const rawData = new Uint8Array(longs.buffer);
    const dataType = onnx.TensorProto.DataType.INT64;
    this.initialisers.push(onnx.TensorProto.create({ name, dataType, dims: [longs.length], rawData }));
    return name;
  }

  /** Bytes, signed or not, or 32-bit integers; the kind of the array is the kind of the tensor. */
  quantised(name: string, values: Int8Array | Uint8Array | Int32Array, sides: readonly number[]): string {
    const { INT8, UINT8, INT32 } = onnx.TensorProto.DataType;
    const dataType = values instanceof Int8Array ? INT8 : values instanceof Uint8Array ? UINT8 : INT32;
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.initialisers.push(onnx.TensorProto.create({ name, dataType, dims: [...sides], rawData }));
    return name;
  }

  /** The file's bytes. */
  encode(name: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    const { nodes: node, initialisers: initializer, inputs: input, outputs: output } = this;
    return onnx.ModelProto.encode({
      irVersion: IR_VERSION,
      producerName: 'winnow',
      opsetImport: this.opsets,
      graph: { name, node, initializer, input, output },
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    }).finish();
  }
}

function valueInfo(name: string, sides: readonly Side[]): InstanceType<typeof onnx.ValueInfoProto> {
  const dim = sides.map((side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side }));
  const elemType = onnx.TensorProto.DataType.FLOAT;
  return onnx.ValueInfoProto.create({ name, type: { tensorType: { elemType, shape: { dim } } } });
}

function attributeProto(name: string, value: Attribute): InstanceType<typeof onnx.AttributeProto> {
  const { AttributeType } = onnx.AttributeProto;
  if ('i' in value) return onnx.AttributeProto.create({ name, type: AttributeType.INT, i: value.i });
  if ('ints' in value) return onnx.AttributeProto.create({ name, type: AttributeType.INTS, ints: [...value.ints] });
  if ('f' in value) return onnx.AttributeProto.create({ name, type: AttributeType.FLOAT, f: value.f });
  const t = { dataType: onnx.TensorProto.DataType.FLOAT, dims: [1], floatData: [value.fill] };
  return onnx.AttributeProto.create({ name, type: AttributeType.TENSOR, t });
}
