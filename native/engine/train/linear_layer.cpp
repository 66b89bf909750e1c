#include "train/linear_layer.h"

#include <algorithm>

#include "core/random.h"
#include "train/kernels/linear.h"
#include "train/kernels/norm.h"

namespace winnow::train {

namespace {

/// Units per task, forward and of the weight gradient.
constexpr int UNIT_TASK = 48;
/// Inputs per task of the input's gradient: one kilobyte of each unit's weights.
constexpr int INPUT_TASK = 256;
/// Sparse: inputs per task of the gradients.
constexpr uint32_t SPARSE_INPUT_TASK = 128;
/// With at most these fractions of weights and of active inputs, the products of both are faster than dense tiles.
constexpr double SPARSE_WEIGHTS_MOST = 0.3;
constexpr double SPARSE_INPUTS_MOST = 0.5;
/// With at most this fraction of weights, passing over those that exist is faster than dense tiles, whatever the inputs: the two
/// meet at 0.12 in mini-batches of 16, at 0.27 in those of 100.
constexpr double SPARSE_WEIGHTS_ALONE_MOST = 0.15;

}  // namespace

LinearLayer::LinearLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in,
                         uint32_t index)
    : Layer(isa, pool, spec, shape),
      index_(index),
      inputPositions_(in.height * in.width),
      inputChannels_(in.channels),
      inputLanes_(in.lanes),
      lanes_(padded(shape.channels)),
      sparse_(in.sparse && spec.weightDensity <= SPARSE_WEIGHTS_MOST &&
              in.most <= SPARSE_INPUTS_MOST * static_cast<double>(in.size())) {
  if (!sparse_ && spec.weightDensity <= SPARSE_WEIGHTS_ALONE_MOST) batch_.emplace(isa, pool, shape.channels, in.size());
}

/// Where an input, counted [channel][row][column], lies in the tensor that this layer reads.
uint32_t LinearLayer::inside(uint32_t outside) const {
  return outside % inputPositions_ * inputLanes_ + outside / inputPositions_;
}

std::vector<uint32_t> LinearLayer::placesByInput(const LayerTensors& tensors, size_t& size) {
  const uint32_t units = shape_.channels, fanIn = shape_.fanIn;
  const auto exists = [&](size_t at) { return tensors.mask.empty() || tensors.mask[at] != 0; };
  starts_.assign(inputPositions_ * inputLanes_ + 1, 0);
  for (uint32_t u = 0; u < units; u++)
    for (uint32_t i = 0; i < fanIn; i++) starts_[inside(i) + 1] += exists(static_cast<size_t>(u) * fanIn + i);
  for (size_t i = 1; i < starts_.size(); i++) starts_[i] += starts_[i - 1];
  size = (starts_.back() + PAD - 1) / PAD * PAD;
  unit_.assign(size, 0);
  std::vector<uint32_t> next = starts_, result(static_cast<size_t>(units) * fanIn, Parameters::NOWHERE);
  for (uint32_t u = 0; u < units; u++)
    for (uint32_t i = 0; i < fanIn; i++) {
      const size_t at = static_cast<size_t>(u) * fanIn + i;
      if (!exists(at)) continue;
      const uint32_t place = next[inside(i)]++;
      unit_[place] = static_cast<uint16_t>(u);
      result[at] = place;
    }
  return result;
}

std::vector<uint32_t> LinearLayer::places(const LayerTensors& tensors, size_t& size) {
  if (sparse_) return placesByInput(tensors, size);
  if (batch_) return batch_->places(tensors, shape_.fanIn, [&](uint32_t outside) { return inside(outside); }, size);
  const uint32_t inputs = inputPositions_ * inputLanes_;
  std::vector<uint32_t> result;
  result.reserve(static_cast<size_t>(shape_.channels) * shape_.fanIn);
  for (uint32_t unit = 0; unit < shape_.channels; unit++)
    for (uint32_t i = 0; i < shape_.fanIn; i++) result.push_back(unit * inputs + inside(i));
  size = static_cast<size_t>(shape_.channels) * inputs;
  return result;
}

void LinearLayer::dropOut(Flow& out, const Pass& pass, size_t sample) {
  Random random = Random::stream(pass.seed, pass.seen - pass.samples + sample, index_);
  const auto rate = static_cast<float>(spec_.dropout);
  const float scale = 1 / (1 - rate);
  float* kept = kept_.data() + sample * out.lanes;
  float* values = out.values(sample);
  // In two passes: what is drawn decides nothing that a branch could foresee, and the second one works in vectors.
  for (uint32_t unit = 0; unit < out.channels; unit++) kept[unit] = random.uniform();
  for (uint32_t unit = 0; unit < out.channels; unit++) {
    kept[unit] = kept[unit] < rate ? 0 : scale;
    values[unit] *= kept[unit];
  }
}

/// normal_ = weight . x + bias
void LinearLayer::product(const Flow& in, const Pass& pass) {
  const int samples = static_cast<int>(pass.samples), inputs = static_cast<int>(in.size()),
            units = static_cast<int>(shape_.channels);
  if (sparse_) {
    pool_.run(pass.samples, [&](size_t sample, int) {
      float* y = normal_.data() + sample * lanes_;
      std::copy(parameters.bias.begin(), parameters.bias.end(), y);
      sparseLinearKernelsFor(isa_).forward(sparseWeights(), in.actives(sample), in.activeCount[sample], in.values(sample), y);
    });
    return;
  }
  if (batch_) {
    batch_->forward(in, pass.samples, parameters, normal_.data(), lanes_);
    return;
  }
  pool_.run(static_cast<size_t>((units + UNIT_TASK - 1) / UNIT_TASK), [&](size_t task, int) {
    const int begin = static_cast<int>(task) * UNIT_TASK;
    linearKernelsFor(isa_).forward(in.values(0), samples, inputs, parameters.weight.data(), parameters.bias.data(), begin,
                                   std::min(units, begin + UNIT_TASK), normal_.data(), static_cast<int>(lanes_));
  });
}

void LinearLayer::forward(const Flow& in, Flow& out, const Pass& pass) {
  const int samples = static_cast<int>(pass.samples);
  normal_.resize(std::max(normal_.size(), pass.samples * lanes_));
  if (spec_.dropout > 0) kept_.resize(std::max(kept_.size(), pass.samples * lanes_));
  if (winners_) winners_->begin(pass.mode, pass.boostScale, pool_.threads());
  product(in, pass);
  if (norm_) {
    if (pass.mode == Mode::training) {
      norm_->reserve(1);
      norm_->measure(0, normal_.data(), samples);
      norm_->merge(1, samples);
    } else {
      norm_->useRunning();
    }
  }
  pool_.run(pass.samples, [&](size_t sample, int worker) {
    float* normal = normal_.data() + sample * lanes_;
    if (norm_) norm_->normalise(normal, 1);
    std::copy(normal, normal + lanes_, out.values(sample));
    if (pass.mode == Mode::training && spec_.dropout > 0) dropOut(out, pass, sample);
    activate(out, sample, worker);
  });
  if (winners_) winners_->end(pass.samples, pass.seen);
}

void LinearLayer::gradients(Flow& in, const float* gradient, const Pass& pass, bool inputGradient) {
  const int samples = static_cast<int>(pass.samples), inputs = static_cast<int>(in.size()),
            units = static_cast<int>(shape_.channels), lanes = static_cast<int>(lanes_);
  if (sparse_) {
    const uint32_t size = static_cast<uint32_t>(in.size());
    pool_.run((size + SPARSE_INPUT_TASK - 1) / SPARSE_INPUT_TASK, [&](size_t task, int) {
      const uint32_t begin = static_cast<uint32_t>(task) * SPARSE_INPUT_TASK, end = std::min(size, begin + SPARSE_INPUT_TASK);
      std::fill(parameters.gradient.data() + starts_[begin], parameters.gradient.data() + starts_[end], 0.0f);
      for (size_t sample = 0; sample < pass.samples; sample++) {
        const uint32_t* active = in.actives(sample);
        const uint32_t* first = std::lower_bound(active, active + in.activeCount[sample], begin);
        const uint32_t* last = std::lower_bound(first, active + in.activeCount[sample], end);
        sparseLinearKernelsFor(isa_).backward(sparseWeights(), first, static_cast<uint32_t>(last - first), in.values(sample),
                                              gradient + sample * lanes_, parameters.gradient.data(), in.gradients(sample));
      }
    });
    return;
  }
  if (batch_) {
    batch_->backward(in, gradient, lanes_, pass.samples, parameters, inputGradient);
    return;
  }
  if (inputGradient)
    pool_.run(static_cast<size_t>((inputs + INPUT_TASK - 1) / INPUT_TASK), [&](size_t task, int) {
      const int begin = static_cast<int>(task) * INPUT_TASK;
      linearKernelsFor(isa_).backwardData(gradient, samples, lanes, parameters.weight.data(), units, inputs, begin,
                                          std::min(inputs, begin + INPUT_TASK), in.gradients(0));
    });
  pool_.run(static_cast<size_t>((units + UNIT_TASK - 1) / UNIT_TASK), [&](size_t task, int) {
    const int begin = static_cast<int>(task) * UNIT_TASK;
    linearKernelsFor(isa_).backwardWeight(in.values(0), gradient, samples, inputs, lanes, begin,
                                          std::min(units, begin + UNIT_TASK), parameters.gradient.data());
  });
}

void LinearLayer::backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) {
  const int samples = static_cast<int>(pass.samples);
  float* gradient = out.gradient.data();
  for (size_t sample = 0; sample < pass.samples; sample++) activateBackward(out, sample);
  if (spec_.dropout > 0)
    for (size_t i = 0; i < pass.samples * lanes_; i++) gradient[i] *= kept_[i];
  if (norm_) {
    norm_->sum(0, gradient, normal_.data(), samples);
    norm_->mergeSums(1, samples);
    norm_->backward(gradient, normal_.data(), samples, gradient);
  }
  gradients(in, gradient, pass, inputGradient);
  // Behind a batch norm the bias has no effect, so no gradient.
  std::fill(parameters.biasGradient.begin(), parameters.biasGradient.end(), 0.0f);
  if (!norm_) normKernelsFor(isa_).total(gradient, samples, static_cast<int>(lanes_), parameters.biasGradient.data());
}

}  // namespace winnow::train
