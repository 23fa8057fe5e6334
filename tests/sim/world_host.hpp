// One machine of the simulated world, with what outlives its process.
#pragma once

#include "world.hpp"

namespace p2p::sim {

struct World::Host {
  int index = 0;
  std::string name;
  std::string address;
  pki::Role role = pki::Role::worker;
  std::unique_ptr<SeededRandom> random;
  std::unique_ptr<FakeSigner> signer;
  std::unique_ptr<membership::Membership> machine;  ///< null while the process is down
  membership::SelfFacts facts;
  std::string state_file;
  std::map<std::string, std::uint64_t> bulletins;  ///< what the owner of the process was told of, by kind
  int process = 0;  ///< rises with each start and end; events of an older process are dropped
  int side = 0;
  bool dialable = true;
  Host* link = nullptr;  ///< a worker's: the coordinator
  milliseconds skew{};
  Duration wakeup = Duration::max();
};

}  // namespace p2p::sim
