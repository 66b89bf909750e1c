#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "train/initial.h"

namespace winnow::train {

namespace {

/// Samples of one inference batch: enough work for all cores, little memory.
constexpr size_t INFERENCE_BATCH = 64;

/// Header of a saved state.
struct StateHeader {
  char magic[8];
  uint64_t seed, seen, values;
};
constexpr char STATE_MAGIC[8] = {'W', 'N', 'T', 'R', 'A', 'I', 'N', '1'};

/// Adds the time of its life to a counter.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds), start_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_;
};

Flow inputFlow(const NetworkSpec& spec) {
  Flow flow;
  if (spec.layers.front().type == LayerType::conv) {
    flow.height = spec.inputHeight;
    flow.width = spec.inputWidth;
    flow.channels = flow.lanes = spec.inputChannels;
  } else {
    flow.channels = spec.inputSize();
    flow.lanes = padded(flow.channels);
  }
  return flow;
}

}  // namespace

Trainer::Trainer(const NetworkSpec& spec, uint64_t seed, int threads, Isa isa, const SkipOptions& skip)
    : spec_(spec), seed_(seed), isa_(isa), pool_(std::max(1, threads)) {
  if (spec.layers.empty() || spec.layers.back().type != LayerType::linear ||
      spec.layers.back().activation.kind != ActivationKind::none)
    throw std::invalid_argument("the last layer must be linear without activation");
  const auto shapes = shapesOf(spec);
  flows_.push_back(inputFlow(spec));
  for (size_t i = 0; i < shapes.size(); i++) {
    layers_.push_back(makeLayer(isa, pool_, spec.layers[i], shapes[i], flows_.back(), static_cast<uint32_t>(i)));
    flows_.push_back(layers_.back()->output());
  }
  setLayers(initialLayers(spec, seed));
  skips_ = std::make_unique<SkipLayers>(isa, pool_, spec, flows_, skip);
  resetSkips();
}

void Trainer::setLayers(const std::vector<LayerTensors>& layers) {
  checkTensors(spec_, layers);
  for (size_t i = 0; i < layers.size(); i++) layers_[i]->load(layers[i]);
}

std::vector<LayerTensors> Trainer::layers() const {
  std::vector<LayerTensors> result;
  for (const auto& layer : layers_) result.push_back(layer->save());
  return result;
}

std::vector<uint8_t> Trainer::state() const {
  std::vector<float> values;
  for (const auto& layer : layers_) {
    const auto velocities = layer->parameters.velocities();
    values.insert(values.end(), velocities.begin(), velocities.end());
  }
  skips_->save(values);
  StateHeader header{};
  std::memcpy(header.magic, STATE_MAGIC, sizeof STATE_MAGIC);
  header.seed = seed_;
  header.seen = seen_;
  header.values = values.size();
  std::vector<uint8_t> bytes(sizeof header + values.size() * sizeof(float));
  std::memcpy(bytes.data(), &header, sizeof header);
  if (!values.empty()) std::memcpy(bytes.data() + sizeof header, values.data(), values.size() * sizeof(float));
  return bytes;
}

void Trainer::setState(const uint8_t* bytes, size_t size) {
  StateHeader header{};
  size_t count = skips_->valueCount();
  for (const auto& layer : layers_) count += layer->parameters.velocityCount();
  if (size < sizeof header) throw std::invalid_argument("the training state is cut off");
  std::memcpy(&header, bytes, sizeof header);
  if (std::memcmp(header.magic, STATE_MAGIC, sizeof STATE_MAGIC) != 0)
    throw std::invalid_argument("these bytes are no training state");
  if (header.values != count || size != sizeof header + count * sizeof(float))
    throw std::invalid_argument("the training state belongs to other layers");
  std::vector<float> values(count);
  if (count > 0) std::memcpy(values.data(), bytes + sizeof header, count * sizeof(float));
  seed_ = header.seed;
  seen_ = header.seen;
  const float* next = values.data();
  for (const auto& layer : layers_) {
    layer->parameters.restoreVelocities(next);
    next += layer->parameters.velocityCount();
  }
  skips_->restore(next);
}

void Trainer::fill(const float* windows, const uint32_t* order, size_t count) {
  for (auto& flow : flows_) flow.reserve(count);
  Flow& input = flows_.front();
  const size_t size = spec_.inputSize(), positions = static_cast<size_t>(input.height) * input.width;
  for (size_t i = 0; i < count; i++) {
    const float* from = windows + (order ? order[i] : i) * size;
    float* to = input.values(i);
    if (input.height == 1 || input.channels == 1) {
      std::memcpy(to, from, size * sizeof(float));
    } else {
      for (uint32_t c = 0; c < input.channels; c++)
        for (size_t p = 0; p < positions; p++) to[p * input.lanes + c] = from[c * positions + p];
    }
  }
}

void Trainer::forward(const Pass& pass) {
  for (size_t i = 0; i < layers_.size(); i++) layers_[i]->forward(flows_[i], flows_[i + 1], pass);
}

Trainer::Result Trainer::gradients(const Samples& samples, const uint32_t* order, size_t count, float boostScale) {
  Result result{0, 0};
  Pass pass;
  pass.samples = count;
  pass.mode = Mode::training;
  pass.boostScale = boostScale;
  pass.seed = seed_;
  pass.seen = seen_ + count;
  {
    Stopwatch watch(timings_.forward);
    fill(samples.windows, order, count);
    forward(pass);
    skips_->forward(flows_, pass);
    Flow& output = flows_.back();
    for (size_t i = 0; i < count; i++) {
      Target target;
      if (samples.distributions)
        target.distribution = samples.distributions + static_cast<size_t>(order[i]) * classes();
      else
        target.label = samples.labels[order[i]];
      const SampleLoss loss = crossEntropy(output.values(i), classes(), target, count, output.gradients(i));
      result.loss += loss.loss;
      result.correct += loss.correct;
    }
    skips_->keepGradient(output, pass);
  }
  {
    Stopwatch watch(timings_.backward);
    for (size_t i = layers_.size(); i-- > 0;) {
      layers_[i]->backward(flows_[i], flows_[i + 1], pass, i > 0);
      skips_->backward(i, flows_[i], pass, i > 0);
    }
  }
  return result;
}

Trainer::Result Trainer::train(const Samples& samples, const std::vector<uint32_t>& order, size_t batchSize, const Step& step) {
  if (batchSize == 0) throw std::invalid_argument("the batch size is zero");
  for (uint32_t sample : order) {
    if (sample >= samples.count) throw std::invalid_argument("the order names a sample that is not there");
    if (samples.labels && static_cast<uint32_t>(samples.labels[sample]) >= classes())
      throw std::invalid_argument("a target is no class of the network");
  }
  boostScale_ = step.boostScale;
  Result result{0, 0};
  for (size_t begin = 0; begin < order.size(); begin += batchSize) {
    const size_t count = std::min(batchSize, order.size() - begin);
    const Result batch = gradients(samples, order.data() + begin, count, step.boostScale);
    result.loss += batch.loss;
    result.correct += batch.correct;
    seen_ += count;
    Stopwatch watch(timings_.update);
    for (auto& layer : layers_) layer->parameters.update(step, pool_);
    skips_->update(step, pool_);
  }
  if (!order.empty()) result.loss /= static_cast<double>(order.size());
  return result;
}

std::vector<float> Trainer::logits(const float* windows, size_t count) {
  std::vector<float> result(count * classes());
  for (size_t begin = 0; begin < count; begin += INFERENCE_BATCH) {
    Pass pass;
    pass.samples = std::min(INFERENCE_BATCH, count - begin);
    pass.mode = Mode::inference;
    pass.boostScale = boostScale_;
    fill(windows + begin * spec_.inputSize(), nullptr, pass.samples);
    forward(pass);
    for (size_t i = 0; i < pass.samples; i++)
      std::copy_n(flows_.back().values(i), classes(), result.data() + (begin + i) * classes());
  }
  return result;
}

}  // namespace winnow::train
